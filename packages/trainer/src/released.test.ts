import { enlargement } from '@pellucid/core';
import { expect, test } from 'vitest';
import { loadReleased, otherStudents, releasedTasks } from './released.ts';

test.each(releasedTasks)('the released student for %s is made for it', async (task) => {
  const model = await loadReleased(task);
  const scale = enlargement(model.graph);
  expect(scale === 1 ? model.task : `${model.task}${scale}`).toBe(task);
});

test.each(otherStudents)('%s is another student of its task', async (name) => {
  const task = name.split('/')[0]!;
  const [usual, other] = [await loadReleased(task), await loadReleased(name)];
  expect(other.task).toBe(usual.task);
  expect(other.name).not.toBe(usual.name);
  // One for uploads is the usual network with other weights.
  const { network } = other;
  if (name.endsWith('/upload')) expect(network).toEqual(usual.network);
  else expect(network).not.toEqual(usual.network);
});

test('a task without a model is an error that lists those there are', async () => {
  await expect(loadReleased('denose')).rejects.toMatchObject({
    code: 'restore/no-model',
    message: expect.stringMatching(/"denose"; did you mean denoise\? There are models for .*denoise/),
  });
  await expect(loadReleased('constructor')).rejects.toMatchObject({ code: 'restore/no-model' });
});
