import { html } from 'hono/html';

/** The parts of an OpenAPI document that the page shows. */
interface Document {
  info: { title: string; version: string; description?: string };
  paths: Record<string, Record<string, Operation>>;
}

interface Operation {
  summary?: string;
  description?: string;
  parameters?: { name: string; in: string; required?: boolean; description?: string; schema: Schema }[];
  responses: Record<string, { description: string }>;
}

interface Schema {
  type?: string;
  enum?: unknown[];
  default?: unknown;
  minimum?: number;
  maximum?: number;
}

/** The page's style, at an address of its own, so that its Content-Security-Policy allows nothing inline. */
export const STYLE = `
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 48rem; margin: 2rem auto; padding: 0 1rem; }
h2 { font-size: 1.1rem; margin: 2.5rem 0 .5rem; font-family: ui-monospace, monospace; }
h2 b { display: inline-block; min-width: 4.5rem; color: #0a7a5c; }
code { font-family: ui-monospace, monospace; font-size: .95em; }
pre { overflow-x: auto; padding: .75rem 1rem; border-radius: .4rem; background: #8881; }
table { border-collapse: collapse; width: 100%; }
td { border-top: 1px solid #8884; padding: .3rem .8rem .3rem 0; vertical-align: top; }
td:first-child { font-family: ui-monospace, monospace; white-space: nowrap; }
small { opacity: .75; }
`;

/** The OpenAPI document as a page to read: no script, and nothing fetched. */
export function docsPage(document: Document, origin: string) {
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => section(method.toUpperCase(), path, operation)),
  );
  const { title, version, description } = document.info;
  return html`<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${title}</title>
<link rel="stylesheet" href="/docs.css">
<h1>${title} <small>${version}</small></h1>
<p>${marked(description)}</p>
<pre>curl --data-binary @photo.jpg '${origin}/v1/restore?task=denoise' -o restored.jpg</pre>
<p>The same as data: <a href="/openapi.json">openapi.json</a>.</p>
${operations}
</html>`;
}

function section(method: string, path: string, { summary, description, parameters, responses }: Operation) {
  return html`<h2><b>${method}</b> ${path}</h2>
<p>${marked(summary)}${description ? html`<br><small>${marked(description)}</small>` : ''}</p>
<table>
${(parameters ?? []).map(
  ({ name, in: place, required, description: what, schema }) =>
    html`<tr><td>${name}</td><td>${marked(what)} <small>${place}${required ? ', required' : ''}${rangeOf(schema)}</small></td></tr>`,
)}
${Object.entries(responses).map(
  ([status, response]) => html`<tr><td>${status}</td><td>${marked(response.description)}</td></tr>`,
)}
</table>`;
}

/** Text with what stands between backticks as code. Both are escaped. */
function marked(text = '') {
  return text.split(/`([^`]+)`/).map((part, i) => (i % 2 === 1 ? html`<code>${part}</code>` : part));
}

function rangeOf({ enum: values, default: initial, minimum, maximum }: Schema): string {
  const range = values ? `: ${values.join(', ')}` : minimum !== undefined ? `: ${minimum} to ${maximum}` : '';
  return initial === undefined ? range : `${range}; ${initial} unless given`;
}
