import { availableParallelism } from 'node:os';
import { Random } from '@pellucid/core';
import { type Browser, chromium, type Page } from 'playwright-core';
import sharp from 'sharp';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import { executablePath } from './browser.ts';
import { picture, pipe } from './files.ts';

const missing = executablePath ? '' : ' (skipped: no Chromium; install it, or name one in PELLUCID_BROWSER)';
const address = inject('address');
const DONE = { timeout: 45_000 };

describe.skipIf(missing !== '')(`the page${missing}`, () => {
  let browser: Browser;
  let page: Page;
  /** Whatever the page asked for that is not the server's, or complained about. */
  let strangers: string[];
  let complaints: string[];

  beforeAll(async () => {
    // Chromium refuses its sandbox to root, which is who runs most containers.
    browser = await chromium.launch({
      executablePath,
      args: process.getuid?.() === 0 ? ['--no-sandbox'] : [],
    });
  });
  afterAll(() => browser?.close());

  /** Opens an address in a page that notes what it should not do. */
  async function visit(url: string, options?: Parameters<Browser['newPage']>[0]): Promise<void> {
    page = await browser.newPage(options);
    strangers = [];
    complaints = [];
    page.on('request', (request) => {
      if (!/^blob:/.test(request.url()) && !request.url().startsWith(address)) strangers.push(request.url());
    });
    page.on('console', (line) => {
      // A service that has no such address cannot find out what a photograph needs; the page does without.
      if (line.type() === 'error' && !line.location().url.endsWith('/readyz')) complaints.push(line.text());
    });
    page.on('pageerror', (error) => complaints.push(String(error)));
    await page.goto(url);
  }
  async function open(options?: Parameters<Browser['newPage']>[0]): Promise<void> {
    await visit(address, options);
    await page.locator('#task option').first().waitFor({ state: 'attached' });
  }
  beforeEach(() => page?.close());

  const choose = (buffer: Buffer, name = 'photo.png') =>
    page.setInputFiles('#file', { name, mimeType: 'image/png', buffer });
  const restored = () => page.locator('#download:visible').waitFor(DONE);
  /** The pixels of the file that Download gives. */
  const pixels = async () => {
    const [download] = await Promise.all([page.waitForEvent('download'), page.click('#download')]);
    const { data, info } = await sharp(await download.path())
      .removeAlpha()
      .raw()
      .toBuffer({ resolveWithObject: true });
    return { name: download.suggestedFilename(), width: info.width, height: info.height, data };
  };

  test('the documentation is styled, leads to its data, and asks for nothing of others', async () => {
    await visit(`${address}/docs`, { viewport: { width: 390, height: 800 } });
    const headings = (await page.locator('h2').allTextContents()).map((text) => text.trim());
    expect(headings).toContain('POST /v1/restore');
    expect(
      await page
        .locator('h2')
        .first()
        .evaluate((e) => getComputedStyle(e).fontFamily),
    ).toMatch(/monospace/);
    // Nothing but its own boxes has to be scrolled sideways, on a telephone too.
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
    await page.click('text=openapi.json');
    expect(JSON.parse((await page.textContent('body')) ?? '')).toHaveProperty('openapi', '3.1.0');
    expect([strangers, complaints]).toEqual([[], []]);
  });

  test('restores a photograph on the server and in the browser, within a grey level of each other', async () => {
    await open();
    await choose(await noisy(300, 200));
    await restored();
    const server = await pixels();
    expect(server).toMatchObject({ name: 'photo-denoise.png', width: 300, height: 200 });
    const facts = (await page.textContent('#facts')) ?? '';
    expect(facts).toMatch(/denoise-small, one piece.*decode \d+ ms, restore \d+ ms, encode \d+ ms/);

    await page.locator('input[value=browser]').check({ force: true });
    await restored();
    const here = await pixels();
    expect(await page.textContent('#facts')).toMatch(/denoise-small, one piece.*start \d.*restore \d/);
    expect(furthest(here.data, server.data)).toBeLessThanOrEqual(1);
    const given = await sharp(await noisy(300, 200))
      .raw()
      .toBuffer();
    expect(furthest(here.data, given)).toBeGreaterThan(10);

    // Both times stand beside the places, and to go back costs no second restoration.
    for (const place of ['server', 'browser'])
      expect(await page.textContent(`[data-time=${place}]`)).toMatch(/^[\d.]+ m?s$/);
    await page.locator('input[value=server]').check({ force: true });
    await page.locator('#download:visible').waitFor({ timeout: 500 });
    expect((await pixels()).data.equals(server.data)).toBe(true);
    expect(strangers).toEqual([]);
    expect(complaints).toEqual([]);
  });

  test('keeps hidden colours from the network in the browser as on the server', async () => {
    const [width, height] = [64, 48];
    const data = Buffer.alloc(width * height * 4, 200);
    for (let i = 0; i < width * height; i++) data[4 * i + 3] = i % width < 32 ? 0 : 255;
    await open();
    await page.selectOption('#task', 'denoise');
    await choose(
      await sharp(data, { raw: { width, height, channels: 4 } })
        .png()
        .toBuffer(),
    );
    await restored();
    const server = await pixels();
    await page.locator('input[value=browser]').check({ force: true });
    await page.getByText(/in this browser in/).waitFor(DONE);
    const here = await pixels();
    const visible = (_: number, i: number) => Math.floor(i / 3) % width >= 32;
    expect(furthest(here.data.filter(visible), server.data.filter(visible))).toBeLessThanOrEqual(1);
  });

  test('shares the rows of a large photograph among threads, and leaves no seam', async () => {
    await open();
    const asked: string[] = [];
    page.context().on('request', (request) => asked.push(new URL(request.url()).pathname));
    await page.selectOption('#task', 'denoise');
    await page.locator('input[value=browser]').check({ force: true });
    const [width, height] = [1600, 2800];
    const photograph = await noisy(width, height);
    await choose(photograph);
    await restored();
    if (availableParallelism() > 1) expect(asked).toContain('/built/worker.js');
    const large = await pixels();
    expect(large).toMatchObject({ width, height });

    // Half way down two threads meet.
    const part = { left: 0, top: 1200, width: 400, height: 400 };
    await choose(await sharp(photograph).extract(part).png().toBuffer());
    await page.getByText(/in this browser in/).waitFor(DONE);
    const alone = await pixels();
    const inside = { left: 0, top: 80, width: 320, height: 240 };
    const [a, b] = await Promise.all([
      extract(large, { ...inside, top: part.top + inside.top }),
      extract(alone, inside),
    ]);
    expect(furthest(a, b)).toBeLessThanOrEqual(1);
    expect(complaints).toEqual([]);
  });

  test('refuses in the browser what no canvas can be trusted with', async () => {
    await open();
    await page.selectOption('#task', 'denoise');
    await page.locator('input[value=browser]').check({ force: true });
    await choose(await noisy(16385, 1));
    await page
      .getByText('Shrink the photograph to at most 67.1 megapixels and 16384 on a side; it has 16385 x 1.')
      .waitFor(DONE);
    await choose(await noisy(64, 48));
    await restored();
  });

  test('works by keyboard alone, and moves its divider', async () => {
    await open({ reducedMotion: 'reduce' });
    const focused = () =>
      page.evaluate(() => document.activeElement?.id || document.activeElement?.getAttribute('value'));
    const order: (string | null)[] = [];
    for (let i = 0; i < 4; i++) {
      await page.keyboard.press('Tab');
      order.push((await focused()) ?? null);
    }
    expect(order).toEqual(['task', 'server', 'file', 'sample']);
    await page.keyboard.press('Enter');
    await restored();
    for (let i = 0; i < 12 && (await focused()) !== 'split'; i++) await page.keyboard.press('Tab');
    const clip = () => page.locator('#after').evaluate((image) => getComputedStyle(image).clipPath);
    const before = await clip();
    for (let i = 0; i < 10; i++) await page.keyboard.press('ArrowRight');
    expect(await clip()).not.toBe(before);
    expect(await page.getAttribute('#split', 'aria-valuetext')).toBe('55 % before');
    await page.keyboard.press('Tab');
    expect(await focused()).toBe('download');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    expect(await page.getAttribute('#size', 'aria-pressed')).toBe('true');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    expect(await focused()).toBe('file');
    expect(await page.locator('#comparison').isVisible()).toBe(false);
  });

  test('says what the server says of a file that it refuses, and goes on', async () => {
    await open();
    await choose(Buffer.from('no image at all'));
    await page.locator('#trouble:visible').waitFor(DONE);
    expect(await page.textContent('#trouble')).toBe(
      'Send a PNG, JPEG or WebP image; the first bytes are those of none of them.',
    );
    // There is no picture to show, so the next one can be chosen at once.
    expect(await page.locator('#drop').isVisible()).toBe(true);
    await page.locator('input[value=browser]').check({ force: true });
    await page.getByText('This browser cannot read the file as an image. Choose another.').waitFor(DONE);
    await choose(await noisy(64, 48));
    await restored();
    expect(await page.locator('#trouble').isVisible()).toBe(false);
  });

  test('stops when it is told to, and can be asked again', async () => {
    await open();
    await page.locator('input[value=browser]').check({ force: true });
    await choose(await noisy(1600, 2600));
    await page.click('#cancel');
    await page.getByText('Cancelled.').waitFor(DONE);
    expect(await page.locator('#download').isVisible()).toBe(false);
    await choose(await noisy(64, 48));
    await restored();
    await page.route('**/v1/restore**', async (route) => {
      await new Promise((resolve) => setTimeout(resolve, 500));
      await route.continue().catch(() => {});
    });
    await page.locator('input[value=server]').check({ force: true });
    await page.click('#cancel');
    await page.getByText('Cancelled.').waitFor(DONE);
    await page.unroute('**/v1/restore**');
    await page.click('#again');
    await restored();
  });

  test('takes what is dropped and pasted', async () => {
    await open();
    const bytes = [...(await noisy(64, 48))];
    for (const kind of ['drop', 'paste'] as const) {
      await page.evaluate(
        ({ kind, bytes }) => {
          const data = new DataTransfer();
          data.items.add(new File([Uint8Array.from(bytes)], `${kind}.png`, { type: 'image/png' }));
          const event =
            kind === 'drop'
              ? new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true })
              : new ClipboardEvent('paste', { clipboardData: data, bubbles: true });
          document.body.dispatchEvent(event);
        },
        { kind, bytes },
      );
      await restored();
      expect((await pixels()).name).toBe(`${kind}-denoise.png`);
    }
  });

  test('offers to find out what is needed where the server does, and leaves a good picture alone', async () => {
    await open();
    await page.route('**/readyz', (route) => route.fulfill({ json: { tasks: ['denoise', 'auto'] } }));
    await page.reload();
    await page.locator('#task option[value=auto]').waitFor({ state: 'attached' });
    expect(await page.inputValue('#task')).toBe('auto');
    await page.locator('input[value=browser]').check({ force: true });
    const noise = await noisy(300, 200);
    await choose(noise);
    await restored();
    expect(await page.textContent('#facts')).toMatch(/denoise-small.*look \d+ ms/);
    await choose(await discs(300, 200), 'good.png');
    await page.getByText('Nothing to mend was found; the photograph is as it came.').waitFor(DONE);
    expect((await pixels()).name).toBe('good-unchanged.png');
  });

  test('compares an enlarged photograph with itself, as large as it has become', async () => {
    const models = ['sr4', 'sr4/upload'].map((task) => ({ task, enlargement: 4 }));
    const enlarged = await sharp(await noisy(60, 40))
      .resize(240)
      .png()
      .toBuffer();
    await open();
    await page.route('**/v1/models', (route) => route.fulfill({ json: { models } }));
    await page.route('**/readyz', (route) => route.fulfill({ json: { tasks: ['sr4', 'sr4/upload'] } }));
    await page.route('**/v1/restore?task=sr4', (route) =>
      route.fulfill({ body: enlarged, contentType: 'image/png', headers: { 'X-Pellucid-Task': 'sr4' } }),
    );
    await page.reload();
    await page.locator('#task option[value=sr4]').waitFor({ state: 'attached' });
    expect(await page.locator('#task option').allTextContents()).toEqual(['Enlarge 4 times']);
    await choose(await noisy(60, 40));
    await page.getByText(/^Enlarged 4 times on the server in/).waitFor(DONE);
    expect(await pixels()).toMatchObject({ name: 'photo-sr4.png', width: 240, height: 160 });
    await page.click('#size');
    for (const id of ['#before', '#after'])
      await expect.poll(() => page.locator(id).boundingBox()).toMatchObject({ width: 240, height: 160 });
    expect(complaints).toEqual([]);
  });

  test('enlarges a JPEG by the student for it, on the server and in the browser', async () => {
    await open();
    await page.selectOption('#task', 'sr2');
    const jpeg = await sharp(await noisy(60, 40))
      .jpeg({ quality: 70 })
      .toBuffer();
    await choose(jpeg, 'photo.jpg');
    for (const place of ['server', 'browser']) {
      await page.locator(`input[value=${place}]`).check({ force: true });
      await restored();
      expect(await page.textContent('#facts')).toContain('sr2-upload, one piece');
      const { name, width } = await pixels();
      expect(name).toMatch(/^photo-sr2-upload\./);
      expect(width).toBe(120);
    }
    await choose(await noisy(60, 40));
    await restored();
    expect(await page.textContent('#facts')).toContain('sr2-small, one piece');
  });

  test('draws what the chosen task mends, and draws anew for another', async () => {
    const models = ['denoise', 'jpeg', 'sr2'].map((task) => ({
      task,
      enlargement: task === 'sr2' ? 2 : 1,
    }));
    await open();
    const sent: { task: string; width: number; format: string }[] = [];
    await page.route('**/v1/models', (route) => route.fulfill({ json: { models } }));
    await page.route('**/readyz', (route) => route.fulfill({ json: { tasks: [] } }));
    await page.route('**/v1/restore?task=*', async (route) => {
      const body = route.request().postDataBuffer()!;
      const { width, format } = await sharp(body).metadata();
      sent.push({ task: new URL(route.request().url()).searchParams.get('task')!, width, format });
      await route.fulfill({ body, contentType: `image/${format}` });
    });
    await page.reload();
    await page.locator('#task option[value=sr2]').waitFor({ state: 'attached' });
    await page.click('#sample');
    await restored();
    for (const [i, { task }] of models.entries()) {
      if (i > 0) await page.selectOption('#task', task);
      await expect.poll(() => sent.length).toBe(i + 1);
    }
    expect(sent).toEqual([
      { task: 'denoise', width: 720, format: 'png' },
      { task: 'jpeg', width: 720, format: 'jpeg' },
      { task: 'sr2', width: 360, format: 'png' },
    ]);
    // A photograph is the visitor's, and stays.
    await choose(await noisy(64, 48));
    await page.selectOption('#task', 'jpeg');
    await expect
      .poll(() => sent.slice(3))
      .toEqual([
        { task: 'sr2', width: 64, format: 'png' },
        { task: 'jpeg', width: 64, format: 'png' },
      ]);
  });

  test('asks for a token where the server wants one', async () => {
    await open();
    await page.route('**/v1/**', (route) =>
      route.request().headers().authorization === 'Bearer open sesame'
        ? route.continue()
        : route.fulfill({ status: 401, json: { detail: 'Send a token.' } }),
    );
    await page.reload();
    await page.getByText('Send a token.').waitFor(DONE);
    await page.getByLabel('Access token').fill('open sesame');
    await page.keyboard.press('Enter');
    await page.locator('#task option').first().waitFor({ state: 'attached' });
    await choose(await noisy(64, 48));
    await restored();
    expect(await page.locator('#trouble').isVisible()).toBe(false);
  });

  test('fits a phone, and keeps its policy', async () => {
    await open({
      viewport: { width: 320, height: 640 },
      isMobile: true,
      hasTouch: true,
      colorScheme: 'dark',
    });
    await choose(await noisy(900, 300));
    await restored();
    await page.click('summary');
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(320);
    for (const id of ['#download', '#other', 'fieldset']) {
      const box = (await page.locator(id).boundingBox())!;
      expect(box.height).toBeGreaterThanOrEqual(44);
    }
    const policy = (await fetch(address)).headers.get('Content-Security-Policy');
    expect(policy).toMatch(/^default-src 'none';/);
    expect(policy).not.toMatch(/'unsafe-|https?:|data:/);
    expect(complaints).toEqual([]);
  });
});

function furthest(a: Uint8Array, b: Uint8Array): number {
  expect(a.length).toBe(b.length);
  return a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i]!)), 0);
}

/** Part of an image's pixels. */
function extract(
  { data, width, height }: { data: Buffer; width: number; height: number },
  part: { left: number; top: number; width: number; height: number },
): Promise<Buffer> {
  return sharp(data, { raw: { width, height, channels: 3 } })
    .extract(part)
    .raw()
    .toBuffer();
}

/** Discs of many colours, as PNG: sharp, and without a grain of noise. */
function discs(width: number, height: number): Promise<Buffer> {
  const circles = Array.from({ length: 30 }, (_, i) => {
    const [x, y, radius] = [(i * 73) % width, (i * 47) % height, 4 + ((i * 5) % 13)];
    return `<circle cx="${x}" cy="${y}" r="${radius}" fill="hsl(${(i * 67) % 360} 45% ${25 + ((i * 13) % 50)}%)"/>`;
  });
  const drawing = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">${circles.join('')}</svg>`;
  return sharp({ create: { width, height, channels: 3, background: '#8899aa' } })
    .composite([{ input: Buffer.from(drawing) }])
    .removeAlpha()
    .png()
    .toBuffer();
}

/** A drawn picture under noise of sigma 25, as PNG. */
function noisy(width: number, height: number): Promise<Buffer> {
  const random = new Random('noise');
  const drawn = picture(width, height);
  const data = drawn.data.map((value) => Math.min(255, Math.max(0, value + 25 * random.normal())));
  return pipe({ ...drawn, data })
    .png()
    .toBuffer();
}
