import { existsSync } from 'node:fs';
import { expect, it } from 'vitest';
import { measureService } from './service.ts';

it('times the service by processor time, with both networks, and weighs its bundle', async () => {
  const job = { what: 'a small PNG', width: 96, height: 64, format: 'png', target: 100 } as const;
  const rows = await measureService(1, [job]);
  expect(rows.map(({ what }) => what)).toEqual([
    ...(existsSync('/proc/self/schedstat') ? ['Cold start'] : []),
    'a small PNG, the served network',
    'a small PNG, 20K MACs per pixel',
    'Bundle, gzip',
  ]);
  for (const { value, unit } of rows) expect(value).toBeGreaterThan(unit === 'ms' ? 1 : 500_000);
}, 180_000);
