import { expect, test } from 'vitest';
import { configOf, DEFAULTS, type Env } from './config.ts';

const fault = (env: Env): string => {
  try {
    configOf(env);
  } catch (error) {
    return (error as Error).message;
  }
  return 'none';
};

test('reads variables as text or numbers, and has a default for each', () => {
  expect(configOf({})).toEqual(DEFAULTS);
  const config = configOf({ MAX_PIXELS: '500000', CACHE_SECONDS: 0, CORS_ORIGINS: 'https://a.example, *' });
  expect(config).toMatchObject({ MAX_PIXELS: 500_000, CACHE_SECONDS: 0 });
  expect(config.CORS_ORIGINS).toEqual(['https://a.example', '*']);
});

test('names what is wrong, never a value', () => {
  expect(fault({ MAX_PIXELS: 0 })).toContain('MAX_PIXELS');
  expect(fault({ MAX_SIDE: '4k' })).toContain('MAX_SIDE');
  expect(fault({ MAX_HELD_BYTES: 4096, MAX_BODY_BYTES: 8192 })).toContain('MAX_HELD_BYTES');
  expect(fault({ CORS_ORIGINS: 'https://a.example/path' })).toContain('CORS_ORIGINS');
  expect(fault({ API_TOKENS: 'hunter2' })).toContain('API_TOKENS');
  expect(fault({ API_TOKENS: 'hunter2' })).not.toContain('hunter2');
  expect(fault({ BUCKET: {} as never })).toContain('bind all three');
});
