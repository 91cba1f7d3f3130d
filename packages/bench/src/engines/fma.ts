/**
 * The limit that convolutions on one thread of WebAssembly are held against: fused multiply-adds on registers alone,
 * enough of them independent to fill the pipeline.
 */
import { supportsRelaxedSimd } from '@pellucid/core/kernels';

const ACCUMULATORS = 12;
const ROUNDS = 2_000_000;

/** GFLOP/s of one thread: multiply-adds of four floats, fused where this machine's WebAssembly fuses them. */
export function fmaPeak(): number {
  const { run } = new WebAssembly.Instance(new WebAssembly.Module(assemble(supportsRelaxedSimd())))
    .exports as {
    run: (rounds: number) => number;
  };
  run(1000);
  const start = performance.now();
  run(ROUNDS);
  return (2 * 4 * ACCUMULATORS * ROUNDS) / (performance.now() - start) / 1e6;
}

/**
 * (func (export "run") (param $rounds i32) (result f32): every round takes each accumulator a to a * x + y, in
 * WebAssembly's binary form: there is no source for so little.
 */
function assemble(fused: boolean): Uint8Array<ArrayBuffer> {
  const [rounds, x, y, first] = [0, 1, 2, 3];
  const accumulators = Array.from({ length: ACCUMULATORS }, (_, index) => first! + index);
  const get = (local: number) => [0x20, local];
  const set = (local: number) => [0x21, local];
  const splat = (value: number) => [0x43, ...new Uint8Array(Float32Array.of(value).buffer), 0xfd, 0x13];
  const add = [0xfd, 0xe4, 0x01];
  // f32x4.relaxed_madd, or f32x4.mul and f32x4.add.
  const step = (a: number) =>
    fused
      ? [...get(a), ...get(x!), ...get(y!), 0xfd, 0x85, 0x02]
      : [...get(a), ...get(x!), 0xfd, 0xe6, 0x01, ...get(y!), ...add];
  const code = [
    ...[1, ...leb(2 + ACCUMULATORS), 0x7b],
    ...[...splat(0.999), ...set(x!), ...splat(0.001), ...set(y!)],
    ...accumulators.flatMap((a) => [...splat(a), ...set(a)]),
    ...[0x03, 0x40],
    ...accumulators.flatMap((a) => [...step(a), ...set(a)]),
    // rounds - 1, and again unless that is 0
    ...[...get(rounds!), 0x41, 1, 0x6b, 0x22, rounds!, 0x0d, 0, 0x0b],
    ...[...get(first!), ...accumulators.slice(1).flatMap((a) => [...get(a), ...add])],
    ...[0xfd, 0x1f, 0, 0x0b],
  ];
  const section = (id: number, bytes: number[]) => [id, ...leb(bytes.length), ...bytes];
  return Uint8Array.from([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [1, 0x60, 1, 0x7f, 1, 0x7d]),
    ...section(3, [1, 0]),
    ...section(7, [1, 3, ...new TextEncoder().encode('run'), 0, 0]),
    ...section(10, [1, ...leb(code.length), ...code]),
  ]);
}

/** An unsigned number as WebAssembly writes it. */
function leb(value: number): number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...leb(value >> 7)];
}
