import { expect, test, vi } from 'vitest';
import { Gate } from './gate.ts';

const nothing = async () => {};
const seconds = 60;
const five = { places: 5, bytes: 100, seconds };

test('runs one piece of work at a time, in the order of the calls', async () => {
  const gate = new Gate();
  const events: string[] = [];
  await Promise.all(
    ['a', 'b', 'c'].map((name) =>
      gate.alone({ seconds }, async () => {
        events.push(`${name} in`);
        await new Promise((resolve) => setTimeout(resolve, 5));
        events.push(`${name} out`);
      }),
    ),
  );
  expect(events).toEqual(['a in', 'a out', 'b in', 'b out', 'c in', 'c out']);
});

test('turns away whoever finds every place taken, and gives places back however work ends', async () => {
  const gate = new Gate();
  const two = { ...five, places: 2 };
  for (let round = 0; round < 3; round++) {
    const end = Promise.withResolvers<void>();
    const running = gate.enter(two, 1, () => gate.alone({ seconds }, () => end.promise));
    expect(gate.isFull(two)).toBe(false);
    const waiting = gate.enter(two, 1, () => gate.alone({ seconds }, nothing));
    expect(gate.isFull(two)).toBe(true);
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
    await gate.enter(five, 80, async () => expect(() => hold(21)).toThrow(/again/));
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
  const running = gate.alone({ seconds }, () => end.promise.then(() => void events.push('first')));
  const client = new AbortController();
  const waiting = gate.alone({ seconds, signal: client.signal }, async () => void events.push('second'));
  const behind = gate.alone({ seconds }, async () => void events.push('third'));
  client.abort(new Error('gone'));
  await expect(waiting).rejects.toThrow('gone');
  expect(events).toEqual([]);
  end.resolve();
  await Promise.all([running, behind]);
  expect(events).toEqual(['first', 'third']);
});

test('takes turns and places from those who never give them back', async () => {
  vi.useFakeTimers({ toFake: ['Date'] });
  try {
    const gate = new Gate();
    const one = { ...five, places: 1 };
    const lost = new Promise<void>(() => {});
    gate.enter(one, 1, () => gate.alone({ seconds }, () => lost));
    gate.alone({ seconds }, () => lost);
    await expect(gate.enter(one, 1, nothing)).rejects.toMatchObject({ code: 'busy' });
    vi.advanceTimersByTime(61_000);
    await gate.enter(one, 1, nothing);
    const served: number[] = [];
    // The first finds the second of the lost ones in its way.
    const first = gate.alone({ seconds }, async () => void served.push(1));
    vi.advanceTimersByTime(61_000);
    await gate.alone({ seconds }, async () => void served.push(2));
    await first;
    expect(served).toEqual([1, 2]);
  } finally {
    vi.useRealTimers();
  }
});
