/**
 * Packs the packages as npm would get them, installs them and the examples in an empty project, and runs each example
 * there: what a user of the packages meets.
 */
import { execFile, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { chromium } from 'playwright-core';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { models } from '../models/index.ts';
import { executablePath } from '../packages/edge/black-box/browser.ts';

const root = path.join(import.meta.dirname, '..');
const folders = { core: 'packages/core', models: 'models', examples: 'examples' };
/** Bytes of the packed packages, so that nothing that is not meant for users slips in; raise them with a reason. */
const budgets = { core: 320_000, models: 200_000 + 1_000_000 * Object.keys(models).length };

let project: string;
let noisy: string;
const tarball = (name: keyof typeof folders) => path.join(project, `${name}.tgz`);
const inProject = {
  get cwd() {
    return project;
  },
};

const execute = promisify(execFile);
const run = (file: string, ...words: string[]) => execute(file, words, inProject);
const bin = (tool: string) => path.join(root, 'node_modules/.bin', tool);

beforeAll(async () => {
  project = await mkdtemp(path.join(tmpdir(), 'pellucid-project-'));
  for (const [name, folder] of Object.entries(folders))
    await execute('npx', ['-y', 'pnpm@12', 'pack', '--out', tarball(name as keyof typeof folders)], {
      cwd: path.join(root, folder),
    });
  await run('tar', 'xzf', tarball('examples'), '--strip-components=1');
  const manifest = JSON.parse(await readFile(path.join(project, 'package.json'), 'utf8'));
  for (const name of ['core', 'models'] as const)
    manifest.dependencies[`@pellucid/${name}`] = `file:${tarball(name)}`;
  delete manifest.devDependencies;
  await writeFile(path.join(project, 'package.json'), JSON.stringify(manifest));
  await run('npx', '-y', 'pnpm@12', 'install', '--prefer-offline', '--ignore-scripts');

  noisy = path.join(project, 'noisy.jpg');
  const noise = { type: 'gaussian', mean: 128, sigma: 25 } as const;
  await sharp({ create: { width: 97, height: 61, channels: 3, background: '#000', noise } })
    .jpeg({ quality: 98, chromaSubsampling: '4:4:4' })
    .toFile(noisy);
}, 180_000);
afterAll(() => rm(project, { recursive: true }));

/** The grey picture's noise is gone, and its size is what it was. */
async function expectRestored(image: string | Buffer): Promise<void> {
  const spread = async (file: string | Buffer) => (await sharp(file).stats()).channels[0]!.stdev;
  const { width, height } = await sharp(image).metadata();
  expect([width, height]).toEqual([97, 61]);
  expect(await spread(noisy)).toBeGreaterThan(20);
  expect(await spread(image)).toBeLessThan(8);
}

/** Starts a server of the project and gives the address it prints. */
async function serve(...words: string[]): Promise<string> {
  const child = spawn(process.execPath, words, {
    ...inProject,
    env: { ...process.env, PORT: '0', CI: '1', WRANGLER_SEND_METRICS: 'false' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill());
  let log = '';
  for await (const line of createInterface(child.stdout)) {
    log += `${line}\n`;
    const address = /http:\/\/[\w.]+:\d+/.exec(line)?.[0];
    if (address) return address;
  }
  throw new Error(`${words.join(' ')} did not start:\n${log}`);
}

describe.each(['core', 'models'] as const)('@pellucid/%s', (name) => {
  it('has exports and types that resolve', async () => {
    await run(bin('publint'), 'run', tarball(name), '--strict');
    await run(bin('attw'), tarball(name), '--profile', 'esm-only');
  });

  it(`is no larger than ${budgets[name]} bytes`, async () => {
    expect((await stat(tarball(name))).size).toBeLessThan(budgets[name]);
  });
});

it('@pellucid/models brings every model that it names', async () => {
  const program = `import { models } from '@pellucid/models';
    import { existsSync } from 'node:fs';
    const missing = Object.entries(models).filter(([, place]) => !existsSync(place));
    console.log(missing.map(([name]) => name).join());`;
  const { stdout } = await run(process.execPath, '--input-type=module', '--eval', program);
  expect(stdout.trim()).toBe('');
});

it('is typed as the examples use it', async () => {
  const settings = {
    extends: path.join(root, 'tsconfig.json'),
    compilerOptions: { typeRoots: [path.join(root, 'node_modules/@types')] },
    include: ['*.ts'],
  };
  await writeFile(path.join(project, 'tsconfig.json'), JSON.stringify(settings));
  await run(bin('tsc'), '--noEmit', '-p', '.');
});

it.each(['restore-in-node.ts', 'restore-with-onnx-runtime.ts'])('%s', async (example) => {
  const clean = path.join(project, `${example}.png`);
  await run(process.execPath, example, noisy, clean);
  await expectRestored(clean);
});

it('worker', async () => {
  const wrangler = 'node_modules/wrangler/bin/wrangler.js';
  const options = [
    '--config',
    'worker/wrangler.jsonc',
    '--port',
    '0',
    '--inspector-port',
    '0',
    '--ip',
    '127.0.0.1',
  ];
  const address = await serve(wrangler, 'dev', ...options, '--show-interactive-dev-session=false');
  const response = await fetch(address, { method: 'POST', body: await readFile(noisy) });
  expect(response.status).toBe(200);
  await expectRestored(Buffer.from(await response.arrayBuffer()));
}, 60_000);

it.skipIf(!executablePath)(
  'page (needs Chromium or Chrome, or PELLUCID_BROWSER)',
  async () => {
    const browser = await chromium.launch({ executablePath: executablePath!, args: ['--no-sandbox'] });
    onTestFinished(() => browser.close());
    const page = await browser.newPage();
    await page.goto(await serve('page/serve.ts'));
    await page.setInputFiles('input', noisy);
    await page.waitForFunction(() => document.title === 'Restored');
    const drawn = await page.evaluate(() => document.querySelector('canvas')!.toDataURL('image/png'));
    await expectRestored(Buffer.from(drawn.split(',')[1]!, 'base64'));
  },
  60_000,
);
