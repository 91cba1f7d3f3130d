import { expect, test } from 'vitest';
import { Gate } from './gate.ts';

const nothing = async () => {};

test('runs one piece of work at a time, in the order in which preparation ends', async () => {
  const gate = new Gate(4);
  const events: string[] = [];
  const slow = Promise.withResolvers<void>();
  const first = gate.run(
    () => slow.promise,
    async () => void events.push('slow'),
  );
  const others = ['a', 'b'].map((name) =>
    gate.run(nothing, async () => {
      events.push(`${name} in`);
      await new Promise((resolve) => setTimeout(resolve, 5));
      events.push(`${name} out`);
    }),
  );
  await Promise.all(others);
  slow.resolve();
  await first;
  expect(events).toEqual(['a in', 'a out', 'b in', 'b out', 'slow']);
});

test('turns away whoever finds every place taken, and gives places back however work ends', async () => {
  const gate = new Gate(1);
  for (let round = 0; round < 3; round++) {
    const end = Promise.withResolvers<void>();
    const running = gate.run(nothing, () => end.promise);
    const waiting = gate.run(nothing, nothing);
    await expect(gate.run(nothing, nothing)).rejects.toMatchObject({ code: 'busy' });
    end.reject(new Error('broken'));
    await expect(running).rejects.toThrow('broken');
    await waiting;
    await expect(gate.run(() => Promise.reject(new Error('no body')), nothing)).rejects.toThrow('no body');
  }
});
