import { expect, test } from 'vitest';
import { Contender, type Job } from './contender.ts';
import { fmaPeak } from './fma.ts';
import { EnginesReport, toMarkdown } from './index.ts';
import { nets, stepFlops } from './nets.ts';

test('a step is counted as three forward runs', () => {
  // 3 -> 32, eight times 32 -> 32, 32 -> 3, all 3x3
  const macs = 9 * (3 * 32 + 8 * 32 * 32 + 32 * 3);
  expect(stepFlops(nets.a.graph, 8, 64)).toBe(6 * macs * 8 * 64 * 64);
  expect(stepFlops(nets.b.graph, 8, 64)).toBeLessThan(stepFlops(nets.a.graph, 8, 64) / 4);
});

test('multiply-adds alone reach some GFLOP/s', () => {
  expect(fmaPeak()).toBeGreaterThan(1);
});

const train = (engine: string): Job => ({ engine, work: { kind: 'train', net: 'b', patches: 1, patch: 8 } });

test('two threads take a step, and what does not run says why', async () => {
  const two = await Contender.open([train('wasm'), train('composed')]);
  try {
    await two.run();
    expect(two.times).toHaveLength(1);
    expect(two.times[0]!.milliseconds).toBeGreaterThan(0);
    expect(two.times[0]!.heap).toBeGreaterThan(2 ** 20);
  } finally {
    await two.close();
  }
  await expect(Contender.open([train('wasm'), train('wsam')])).rejects.toThrow('There is no engine "wsam"');
}, 60_000);

test('the report is its own schema and says what was missed and what is missing', () => {
  const milliseconds = { median: 20, best: 10, rounds: 3 };
  const report: EnginesReport = {
    load: 1,
    cores: 2,
    training: [
      {
        net: 'a',
        description: 'some layers',
        rows: [
          { engine: 'wasm', workers: 2, patches: 8, patch: 64, milliseconds, gigaflops: 50 },
          { engine: 'cpu', workers: 1, patches: 1, patch: 8, milliseconds, gigaflops: 0.02 },
        ],
      },
    ],
    forward: {
      peak: 40,
      rows: [{ runtime: 'wasm', channels: 32, size: 256, milliseconds, gigaflops: 60 }],
    },
    heap: { size: 512, rows: [{ runtime: 'ours', bytes: 2 ** 27 }] },
    targets: [{ what: 'forward at 32 channels, GFLOP/s', value: 60, target: 90, met: false }],
    absent: [{ name: 'node', reason: 'it is not installed' }],
  };
  expect(EnginesReport.parse(JSON.parse(JSON.stringify(report)))).toEqual(report);
  const markdown = toMarkdown(report);
  for (const words of [
    '| wasm | 2 | 8 x 64x64 | 20.0 | 10.0 | 50.0 | 100 % |',
    '| cpu | 1 | 1 x 8x8 | 20.0 | 10.0 | 0.020 | 0 % |',
    '| wasm | 256x256x32 | 20.0 | 10.0 | 60.0 | 150 % |',
    '| ours | 128 |',
    '| forward at 32 channels, GFLOP/s | 90.0 | 60.00 | missed |',
    '- node: it is not installed',
  ])
    expect(markdown).toContain(words);
});
