import { expect, test } from 'vitest';
import { nearest } from './nearest.ts';

test.each([
  ['stpes', ['steps', 'seed'], 'steps'],
  ['learningrate', ['learningRate', 'finalLearningRate'], 'learningRate'],
  ['--resum', ['--resume', '--set'], '--resume'],
  ['entirely-else', ['steps', 'seed'], undefined],
])('%s of %j is %s', (word, candidates, expected) => {
  expect(nearest(word, candidates)).toBe(expected);
});
