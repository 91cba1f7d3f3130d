import { Random } from '@pellucid/core';
import { type Bytes, join, latin } from '../files.ts';
import { bombs } from './bombs.ts';
import { mutations, STRANGERS } from './mutations.ts';
import { noise, seeds } from './seeds.ts';

/** A request body that means harm, and how it is sent. */
export interface Hostile {
  /** What it is, for a message. */
  kind: string;
  body: Bytes;
  contentType?: string;
  /** Sent piece by piece, its length not told. */
  chunked: boolean;
}

/** `count` bodies; the same seed gives the same. */
export async function* hostileBodies(count: number, seed: string | number): AsyncGenerator<Hostile> {
  const good = await seeds();
  const kinds = Object.entries(mutations);
  for (let i = 0; i < count; i++) {
    // Each draws from a stream of its own, so that one can be made again alone.
    const random = new Random(`${seed} ${i}`);
    const die = random.integer(100);
    const chunked = random.integer(8) === 0;
    if (die < 76) {
      const from = good[random.integer(good.length)]!;
      const [name, mutate] = kinds[random.integer(kinds.length)]!;
      yield { kind: `${from.name}: ${name}`, body: mutate(from, random, good), chunked };
    } else if (die < 85) {
      const bomb = random.integer(bombs.length);
      yield { kind: `bomb ${bomb}`, body: bombs[bomb]!(random, good), chunked };
    } else if (die < 92) {
      const stranger = STRANGERS[random.integer(STRANGERS.length)]!;
      const body = join([latin(stranger), noise(random.integer(2000), random)]);
      const contentType = ['image/png', 'image/jpeg', 'image/avif', 'text/html'][random.integer(4)]!;
      yield { kind: 'another kind of file', body, contentType, chunked };
    } else if (die < 99) {
      const { name, bytes } = good[random.integer(good.length)]!;
      yield { kind: `form around ${name}`, ...form(bytes, random), chunked };
    } else yield { kind: 'nothing', body: new Uint8Array(0), chunked };
  }
}

/** A multipart form that is not quite one. */
function form(file: Bytes, random: Random): Pick<Hostile, 'body' | 'contentType'> {
  const text = (value: string) => new TextEncoder().encode(value);
  const boundary = ['x', '----form', 'a'.repeat(70), '"quoted"'][random.integer(4)]!;
  const head = [
    'Content-Disposition: form-data; name="file"; filename="a.png"\r\n\r\n',
    'Content-Disposition: form-data; name="file"\r\n\r\n',
    'Content-Disposition: form-data; name="picture"; filename="a.png"\r\n\r\n',
    'Content-Disposition: form-data; name="file"; filename="../../etc/passwd\0.png"\r\n\r\n',
    `Content-Disposition: form-data; name="file"; filename="${'a'.repeat(10_000)}"\r\n\r\n`,
    'Content-Disposition: attachment\r\n\r\n',
    'Content-Type: multipart/form-data; boundary=y\r\n\r\n',
    ': : :\r\n\r\n',
    '\r\n',
    '',
  ][random.integer(10)]!;
  const part = () => join([text(`--${boundary}\r\n${head}`), file, text('\r\n')]);
  const parts = Array.from({ length: random.integer(4) ? 1 : 1 + random.integer(50) }, part);
  const whole = join([...parts, text(random.integer(3) ? `--${boundary}--\r\n` : '')]);
  const told = random.integer(4) ? boundary : ['', 'other', 'x; boundary=y'][random.integer(3)]!;
  const end = random.integer(4) ? whole.length : random.integer(whole.length);
  return { body: whole.slice(0, end), contentType: `multipart/form-data; boundary=${told}` };
}
