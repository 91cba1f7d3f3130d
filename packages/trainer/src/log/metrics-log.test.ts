import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { metricsLog } from './metrics-log.ts';

test('appends scalars, and on continuing drops undone steps and a line that was cut short', () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'pellucid-metrics-'));
  const file = path.join(folder, 'metrics.jsonl');
  writeFileSync(file, '{"step":20,"loss":3}\n{"step":40,"loss":2}\n{"step":60,"loss":1}\n{"step":8');
  const observe = metricsLog(file);
  observe({ kind: 'start', step: 40 });
  observe({ kind: 'scalars', step: 60, values: { loss: 0.5 } });
  observe({ kind: 'step', step: 61, loss: 9 });
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
  expect(lines.map((line) => JSON.parse(line))).toEqual([
    { step: 20, loss: 3 },
    { step: 40, loss: 2 },
    { step: 60, loss: 0.5, time: expect.any(Number) },
  ]);
  rmSync(folder, { recursive: true });
});
