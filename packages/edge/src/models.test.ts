import { FINDINGS, taskFor } from '@pellucid/core';
import { expect, test } from 'vitest';
import { enlargementFor, modelFor, modelSummaries, TASKS } from './models.ts';

test('a model is served under its own task, and one that enlarges says how many times, and of what', () => {
  for (const { task, name, enlargement } of modelSummaries()) {
    const made = modelFor(task).task;
    const [served, kind = 'small'] = task.split('/');
    expect(served).toBe(enlargement === 1 ? made : `${made}${enlargement}`);
    expect(name).toBe(`${served}-${kind}`);
  }
});

test('auto can find all that is served but enlargement, which it never does', () => {
  const findable = FINDINGS.map(taskFor);
  for (const task of TASKS) expect(findable.includes(task), task).toBe(enlargementFor(task) === 1);
  expect(enlargementFor('auto')).toBe(1);
});
