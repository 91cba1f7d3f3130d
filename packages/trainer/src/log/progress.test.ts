import { Writable } from 'node:stream';
import { expect, test, vi } from 'vitest';
import { progress } from './progress.ts';

/** A stream that keeps what is written, as a terminal or not. */
function stream(isTTY: boolean) {
  const written: string[] = [];
  const sink = new Writable({
    write(chunk, _encoding, done) {
      written.push(String(chunk));
      done();
    },
  });
  Object.assign(sink, { isTTY, columns: 120, cursorTo() {}, clearLine() {}, moveCursor() {} });
  return { sink: sink as unknown as NodeJS.WriteStream, text: () => written.join('') };
}

test('without a terminal, one plain line per interval', () => {
  const { sink, text } = stream(false);
  const { observe, close } = progress(100, sink);
  observe({ kind: 'start', step: 0 });
  for (let step = 1; step <= 20; step++) observe({ kind: 'step', step, loss: 0.1 });
  observe({ kind: 'scalars', step: 20, values: { loss: 0.1234567, l_pixel: 0.1 } });
  observe({
    kind: 'scalars',
    step: 20,
    values: { 'validation/psnr': 30.123, 'validation/psnr_degraded': 20 },
  });
  observe({ kind: 'note', message: 'A word.' });
  close();
  expect(text()).toMatch(
    /^step 20\/100 {2}loss 0\.1235 {2}l_pixel 0\.1000 {2}.* steps\/s {2}\d+:\d\d:\d\d left\nstep 20\/100 {2}validation 30\.12 dB \(input 20\.00 dB\)\nA word\.\n$/,
  );
});

test('on a terminal, a bar with the loss and the last validation', () => {
  vi.stubEnv('CI', '');
  const { sink, text } = stream(true);
  const { observe, close } = progress(100, sink);
  observe({ kind: 'start', step: 40 });
  observe({ kind: 'scalars', step: 60, values: { loss: 0.25 } });
  observe({ kind: 'scalars', step: 60, values: { 'validation/psnr': 30.123 } });
  observe({ kind: 'step', step: 61, loss: 0.1 });
  close();
  expect(text()).toMatch(/61\/100 .*loss 0\.2500 {2}validation 30\.12 dB/);
  vi.unstubAllEnvs();
});
