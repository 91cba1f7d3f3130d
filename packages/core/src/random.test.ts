import { describe, expect, it } from 'vitest';
import { Random } from './random.ts';

const draw = (random: Random, count: number) => Array.from({ length: count }, () => random.next());

function correlation(a: number[], b: number[]): number {
  const covariance = a.reduce((sum, value, i) => sum + (value - 0.5) * (b[i]! - 0.5), 0) / a.length;
  return covariance * 12;
}

describe('Random', () => {
  it('yields the published sequence of xoshiro128** from the state 1, 2, 3, 4', () => {
    const random = Random.from({ words: [1, 2, 3, 4], pending: null });
    expect(draw(random, 10).map((value) => value * 2 ** 32)).toEqual([
      11520, 0, 5927040, 70819200, 2031721883, 1637235492, 1287239034, 3734860849, 3729100597, 4258142804,
    ]);
  });

  it('keeps the stream of a seed from release to release', () => {
    const random = new Random(1);
    expect(Array.from({ length: 4 }, () => random.integer(2 ** 32))).toEqual([
      3476255202, 2202662033, 3532538525, 2627301559,
    ]);
    expect(new Random('1').state()).toEqual(new Random(1).state());
    expect(new Random('rain').state()).not.toEqual(new Random('rian').state());
  });

  it('draws uniform integers and reals in range', () => {
    const random = new Random('uniform');
    const counts = new Array<number>(7).fill(0);
    for (let i = 0; i < 70_000; i++) counts[random.integer(7)]!++;
    for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(400);
    for (let i = 0; i < 1000; i++) {
      const value = random.uniform(-2, 3);
      expect(value).toBeGreaterThanOrEqual(-2);
      expect(value).toBeLessThan(3);
    }
  });

  it('draws normal values with the moments of the normal distribution', () => {
    const random = new Random('normal');
    const count = 200_000;
    const moments = [0, 0, 0, 0];
    let beyondTwo = 0;
    for (let i = 0; i < count; i++) {
      const value = random.normal();
      for (let k = 0; k < 4; k++) moments[k]! += value ** (k + 1) / count;
      if (Math.abs(value) > 2) beyondTwo++;
    }
    expect(moments[0]).toBeCloseTo(0, 1.7);
    expect(moments[1]).toBeCloseTo(1, 1.7);
    expect(moments[2]).toBeCloseTo(0, 1.3);
    expect(moments[3]).toBeCloseTo(3, 1);
    expect(beyondTwo / count).toBeCloseTo(0.0455, 2.5);
  });

  it('continues bit for bit from a state that went through JSON, between the two values of a normal pair too', () => {
    const random = new Random(7);
    random.next();
    random.normal();
    const resumed = Random.from(JSON.parse(JSON.stringify(random.state())));
    for (let i = 0; i < 100; i++) {
      expect(resumed.normal()).toBe(random.normal());
      expect(resumed.next()).toBe(random.next());
    }
  });

  it('is not moved by drawing from a saved state, nor the state by drawing', () => {
    const random = new Random(3);
    const state = random.state();
    const first = random.next();
    expect(Random.from(state).next()).toBe(first);
    expect(Random.from(state).next()).toBe(first);
  });

  it('forks streams that are repeatable, uncorrelated, and leave the parent alone', () => {
    const parent = new Random('parent');
    const before = parent.state();
    const labels = ['', 'data', 'datb', 'noise'];
    const streams = labels.map((label) => draw(parent.fork(label), 20_000));
    expect(parent.state()).toEqual(before);
    expect(draw(parent.fork('data'), 5)).toEqual(streams[1]!.slice(0, 5));
    streams.push(draw(new Random('parent'), 20_000));
    for (const [i, a] of streams.entries()) {
      for (const b of streams.slice(i + 1)) expect(Math.abs(correlation(a, b))).toBeLessThan(0.03);
    }
  });

  it('refuses a damaged state', () => {
    for (const words of [
      [0, 0, 0, 0],
      [1, 2, 3],
      [1, 2, 3, -4],
      [1, 2, 3, 0.5],
    ]) {
      expect(() => Random.from({ words, pending: null } as never)).toThrow(
        expect.objectContaining({ code: 'random/state' }),
      );
    }
  });
});
