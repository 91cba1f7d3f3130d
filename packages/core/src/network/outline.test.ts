import { describe, expect, it } from 'vitest';
import { buildNetwork } from '../networks/index.ts';
import { macsPerPixel, parameters } from './cost.ts';
import { layersOf, outline } from './outline.ts';
import { type Feature, type Ops, trace } from './trace.ts';

const unet = buildNetwork({ kind: 'edge-unet', widths: [8, 16, 16], encoder: [1, 2, 4], decoder: [3, 2] });

describe('outline', () => {
  it('draws a U-Net part by part, equal blocks once', () => {
    const parts = outline(unet).map(({ name, blocks, stride }) => [name, blocks, stride]);
    expect(parts).toEqual([
      ['input', 1, 1],
      ['head', 1, 2],
      ['encoder0', 1, 2],
      ['down1', 1, 4],
      ['encoder1', 2, 4],
      ['down2', 1, 8],
      ['encoder2', 4, 8],
      ['up1', 1, 8],
      ['decoder1', 2, 4],
      ['up0', 1, 4],
      ['decoder0', 3, 2],
      ['tail', 1, 2],
      ['end', 1, 1],
    ]);
  });

  it('says which earlier parts are read, and where features wait', () => {
    const parts = new Map(outline(unet).map((part) => [part.name, part]));
    expect(parts.get('decoder1')!.skips).toEqual(['encoder1']);
    expect(parts.get('end')!.skips).toEqual(['input']);
    expect(parts.get('encoder1')!.skips).toEqual([]);
    expect([...parts.get('encoder2')!.waiting].sort()).toEqual([1, 2, 4]);
    expect([...parts.get('up1')!.waiting].sort()).toEqual([1, 2, 4]);
    expect([...parts.get('decoder0')!.waiting]).toEqual([1]);
    expect([...parts.get('end')!.waiting]).toEqual([]);
  });

  it('leaves out no cost', () => {
    const parts = outline(unet);
    const sum = (pick: (part: (typeof parts)[number]) => number) =>
      parts.reduce((total, part) => total + pick(part), 0);
    expect(sum((part) => part.parameters)).toBe(parameters(unet));
    expect(sum((part) => part.macs)).toBeCloseTo(macsPerPixel(unet), 6);
    expect(parts.find(({ name }) => name === 'encoder2')!.content).toBe('conv 3x3 relu, conv 3x3');
  });

  it('joins blocks in lists of lists, and none that differ', () => {
    const conv = (ops: Ops, x: Feature, name: string, channels = 8) =>
      ops.conv(x, { name, kernel: 3, channels });
    const graph = trace((ops, x) => {
      let y = conv(ops, x, 'body.0');
      for (const group of [1, 2])
        for (const block of [0, 1, 2]) y = conv(ops, y, `body.${group}.blocks.${block}.conv`);
      y = conv(ops, y, 'body.3', 3);
      const statistic = ops.conv(ops.globalPool(y, 'mean'), { name: 'attention.1', kernel: 1, channels: 3 });
      return ops.multiply(y, statistic);
    });
    expect(outline(graph).map(({ name, blocks, stride }) => [name, blocks, stride])).toEqual([
      ['input', 1, 1],
      ['body.0', 1, 1],
      ['body.1–2', 2, 1],
      ['body.3', 1, 1],
      ['attention', 1, 1],
    ]);
  });

  it('draws a block that comes back to its resolution as one, and a recurrent network once', () => {
    const block = (ops: Ops, x: Feature, name: string) => {
      const pooled = ops.blockPool(x, 'max', 2);
      const y = ops.conv(pooled, { name: `${name}.low`, kernel: 1, channels: 3 });
      return ops.add(
        x,
        ops.conv(ops.resize(y, 'nearest', 2), { name: `${name}.high`, kernel: 1, channels: 3 }),
      );
    };
    const graph = trace((ops, photograph) => {
      let x = photograph;
      for (let pass = 0; pass < 3; pass++)
        for (const name of ['start', 'body.0', 'body.1'])
          x = name === 'start' ? ops.conv(x, { name, kernel: 1, channels: 3 }) : block(ops, x, name);
      return x;
    });
    const parts = outline(graph).map(({ name, blocks, passes, stride }) => [name, blocks, passes, stride]);
    expect(parts).toEqual([
      ['input', 1, 1, 1],
      ['start', 1, 3, 1],
      ['body', 2, 3, 1],
    ]);
  });
});

it('layersOf counts weights that layers share once, and their work each time', () => {
  const graph = trace((ops, x) => {
    const settings = { name: 'conv', kernel: 1, channels: 3 };
    return ops.conv(ops.conv(x, settings), settings);
  });
  expect(layersOf(graph).map(({ name, parameters, macs }) => [name, parameters, macs])).toEqual([
    ['input', 0, 0],
    ['conv', 12, 9],
    ['conv', 0, 9],
  ]);
});
