import { Presets, SingleBar } from 'cli-progress';
import type { Observer } from '../events.ts';

/**
 * Shows a person how a run goes: a bar with the time left on a terminal, a line per log interval elsewhere.
 *
 * @param steps of the whole run
 */
export function progress(steps: number, stream: NodeJS.WriteStream = process.stdout) {
  return stream.isTTY && !process.env.CI ? bar(steps, stream) : lines(steps, stream);
}

interface Progress {
  observe: Observer;
  /** Leaves the terminal as it was. */
  close(): void;
}

function lines(steps: number, stream: NodeJS.WriteStream): Progress {
  let start = { step: 0, time: Date.now() };
  const observe: Observer = (event) => {
    if (event.kind === 'start') start = { step: event.step, time: Date.now() };
    if (event.kind === 'note') stream.write(`${event.message}\n`);
    if (event.kind !== 'scalars') return;
    const { step, values } = event;
    const validated = values['validation/psnr'];
    if (validated !== undefined) {
      stream.write(
        `step ${step}/${steps}  validation ${decibel(validated)} (input ${decibel(values['validation/psnr_degraded'])})\n`,
      );
      return;
    }
    const secondsPerStep = (Date.now() - start.time) / 1000 / (step - start.step);
    const named = Object.entries(values).map(([name, value]) => `${name} ${value.toPrecision(4)}`);
    stream.write(
      `step ${step}/${steps}  ${named.join('  ')}  ${(1 / secondsPerStep).toFixed(1)} steps/s  ${duration(secondsPerStep * (steps - step))} left\n`,
    );
  };
  return { observe, close() {} };
}

function bar(steps: number, stream: NodeJS.WriteStream): Progress {
  const display = new SingleBar(
    {
      format: '{bar} {value}/{total}  {eta_formatted} left  loss {loss}  validation {validation}',
      barsize: 24,
      hideCursor: true,
      stopOnComplete: true,
      etaBuffer: 50,
      stream,
    },
    Presets.shades_classic,
  );
  const shown = { loss: '-', validation: '-' };
  const observe: Observer = (event) => {
    if (event.kind === 'note') {
      stream.write(`\r\u001b[K${event.message}\n`);
    } else if (event.kind === 'start') {
      display.start(steps, event.step, shown);
    } else if (event.kind === 'step') {
      display.update(event.step, shown);
    } else if (event.kind === 'scalars') {
      const { loss, 'validation/psnr': validated } = event.values;
      if (loss !== undefined) shown.loss = loss.toFixed(4);
      if (validated !== undefined) shown.validation = decibel(validated);
      display.update(shown);
    }
  };
  return { observe, close: () => display.stop() };
}

function decibel(value = Number.NaN): string {
  return `${value.toFixed(2)} dB`;
}

function duration(seconds: number): string {
  const whole = Math.round(seconds);
  const two = (value: number) => String(value).padStart(2, '0');
  return `${Math.floor(whole / 3600)}:${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}`;
}
