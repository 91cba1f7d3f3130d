import { SELF } from 'cloudflare:test';
import { expect, test } from 'vitest';
import { TASKS } from '../models.ts';
import { docsPage } from './docs.ts';

interface Document {
  openapi: string;
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, { required: string[] }> };
}

interface Operation {
  parameters: { name: string; required?: boolean }[];
  requestBody: { content: object };
  responses: Record<string, { content: Record<string, { schema: object }> }>;
}

test('GET /openapi.json describes every address, made from the routes themselves', async () => {
  const document = (await (await SELF.fetch('http://edge/openapi.json')).json()) as Document;
  expect(document.openapi).toBe('3.1.0');
  expect(Object.keys(document.paths).sort()).toEqual([
    '/healthz',
    '/readyz',
    '/v1/jobs',
    '/v1/jobs/{id}',
    '/v1/jobs/{id}/images/{image}',
    '/v1/models',
    '/v1/restore',
  ]);
  const { parameters, responses, requestBody } = document.paths['/v1/restore']!.post!;
  expect(parameters.map(({ name }) => name)).toEqual(['task', 'strength', 'quality', 'format']);
  expect(parameters[0]).toMatchObject({ in: 'query', required: true, schema: { enum: [...TASKS, 'auto'] } });
  expect(parameters[1]).toMatchObject({ schema: { default: 1, minimum: 0, maximum: 1 } });
  expect(Object.keys(requestBody.content)).toContain('multipart/form-data');
  for (const status of [200, 304, 400, 401, 406, 413, 415, 422, 429, 500, 503]) {
    expect(responses).toHaveProperty(String(status));
  }
  expect(responses['422']!.content['application/problem+json']!.schema).toEqual({
    $ref: '#/components/schemas/Problem',
  });
  expect(document.components.schemas.Problem!.required).toContain('detail');
  // Every reference leads somewhere.
  for (const [, name] of JSON.stringify(document).matchAll(/#\/components\/schemas\/(\w+)/g)) {
    expect(document.components.schemas).toHaveProperty(name!);
  }
});

test('GET /docs is one page without script, whose policy allows its style and nothing else', async () => {
  const page = await SELF.fetch('http://edge/docs');
  const text = await page.text();
  expect(page.headers.get('Content-Type')).toContain('text/html');
  expect(page.headers.get('Content-Security-Policy')).toMatch(/default-src 'none'.*style-src 'self'/);
  expect(text).not.toMatch(/<script|style=|<style|https?:\/\/(?!edge)/);
  expect(text).toContain('/v1/restore');
  const [, href] = /<link rel="stylesheet" href="([^"]+)"/.exec(text)!;
  const style = await SELF.fetch(`http://edge${href}`);
  expect(style.headers.get('Content-Type')).toContain('text/css');
  expect((await SELF.fetch('http://edge/healthz')).headers.get('Content-Security-Policy')).not.toContain(
    'style',
  );
});

test('what stands between backticks in a description is code, and nothing in it is markup', async () => {
  const text = await (await SELF.fetch('http://edge/docs')).text();
  expect(text).toContain('<code>GET /v1/models</code>');
  expect(text).not.toContain('`');
  const responses = { 200: { description: '`<b>` & <i>, `one' } };
  const document = { info: { title: 'T', version: '1' }, paths: { '/': { get: { responses } } } };
  const page = String(await docsPage(document, 'http://edge'));
  expect(page).toContain('<td><code>&lt;b&gt;</code> &amp; &lt;i&gt;, `one</td>');
});
