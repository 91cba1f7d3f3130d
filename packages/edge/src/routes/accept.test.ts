import { expect, test } from 'vitest';
import { formatChoice } from './accept.ts';

test.each([
  [undefined, 'jpeg', 'jpeg'],
  ['*/*', 'webp', 'webp'],
  ['image/*', 'png', 'png'],
  ['image/png', 'jpeg', 'png'],
  ['IMAGE/PNG', 'jpeg', 'png'],
  ['image/jpeg, image/webp;q=0.5', 'webp', 'jpeg'],
  ['image/avif,image/webp,image/apng,image/*,*/*;q=0.8', 'jpeg', 'jpeg'],
  ['image/png;q=0.2, */*;q=0.1', 'jpeg', 'png'],
  ['image/jpeg;q=0, image/*', 'jpeg', 'png'],
  ['application/json, image/webp', 'png', 'webp'],
] as const)('Accept %s turns a %s into a %s', (accept, input, output) => {
  expect(formatChoice(accept)(input)).toBe(output);
});

test.each(['application/json', 'image/avif', 'image/*;q=0', 'image/png;q=0'])(
  'Accept %s is refused',
  (accept) => {
    expect(() => formatChoice(accept)).toThrow(expect.objectContaining({ code: 'not-acceptable' }));
  },
);
