import { expect, test } from 'vitest';
import { Gate } from './gate.ts';

const nothing = async () => {};
const five = { places: 5, bytes: 100 };

test('runs one piece of work at a time, in the order in which preparation ends', async () => {
  const gate = new Gate();
  const events: string[] = [];
  const slow = Promise.withResolvers<void>();
  const first = gate.enter(five, 1, async ({ alone }) => {
    await slow.promise;
    return alone(async () => void events.push('slow'));
  });
  const others = ['a', 'b'].map((name) =>
    gate.enter(five, 1, ({ alone }) =>
      alone(async () => {
        events.push(`${name} in`);
        await new Promise((resolve) => setTimeout(resolve, 5));
        events.push(`${name} out`);
      }),
    ),
  );
  await Promise.all(others);
  slow.resolve();
  await first;
  expect(events).toEqual(['a in', 'a out', 'b in', 'b out', 'slow']);
});

test('turns away whoever finds every place taken, and gives places back however work ends', async () => {
  const gate = new Gate();
  const two = { places: 2, bytes: 100 };
  for (let round = 0; round < 3; round++) {
    const end = Promise.withResolvers<void>();
    const running = gate.enter(two, 1, ({ alone }) => alone(() => end.promise));
    const waiting = gate.enter(two, 1, ({ alone }) => alone(nothing));
    await expect(gate.enter(two, 1, nothing)).rejects.toMatchObject({ code: 'busy' });
    end.reject(new Error('broken'));
    await expect(running).rejects.toThrow('broken');
    await waiting;
    await expect(gate.enter(two, 1, () => Promise.reject(new Error('no body')))).rejects.toThrow('no body');
  }
});

test('counts the bytes that visitors hold, but lets in one that comes alone', async () => {
  const gate = new Gate();
  const end = Promise.withResolvers<void>();
  const large = gate.enter(five, 90, async ({ hold }) => {
    await end.promise;
    hold(10);
    await expect(gate.enter(five, 90, nothing)).resolves.toBeUndefined();
  });
  await expect(gate.enter(five, 11, nothing)).rejects.toMatchObject({ code: 'busy' });
  await gate.enter(five, 10, nothing);
  end.resolve();
  await large;
  await gate.enter(five, 1000, nothing);
});

test('lets one that waits give up at once, and keeps the order of those behind', async () => {
  const gate = new Gate();
  const end = Promise.withResolvers<void>();
  const events: string[] = [];
  const running = gate.alone(() => end.promise.then(() => void events.push('first')));
  const client = new AbortController();
  const waiting = gate.alone(async () => void events.push('second'), client.signal);
  const behind = gate.alone(async () => void events.push('third'));
  client.abort(new Error('gone'));
  await expect(waiting).rejects.toThrow('gone');
  expect(events).toEqual([]);
  end.resolve();
  await Promise.all([running, behind]);
  expect(events).toEqual(['first', 'third']);
});
