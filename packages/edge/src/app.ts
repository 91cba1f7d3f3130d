import { type Context, Hono } from 'hono';
import { except } from 'hono/combine';
import { methodNotAllowed } from 'hono/method-not-allowed';
import { requestId } from 'hono/request-id';
import { secureHeaders } from 'hono/secure-headers';
import { timing } from 'hono/timing';
import { generateSpecs } from 'hono-openapi';
import { type AppEnv, configOf } from './config.ts';
import { Gate } from './gate.ts';
import { largestFor } from './image/limits.ts';
import { authenticated, crossOrigin, rateLimited } from './middleware/access.ts';
import { log } from './middleware/log.ts';
import { modelSummaries } from './models.ts';
import { about, operations } from './openapi.ts';
import { problem, problemResponse } from './problem.ts';
import type { Studio } from './restoration.ts';
import { docsPage, STYLE } from './routes/docs.ts';
import { jobRoutes } from './routes/jobs.ts';
import { restoreOptions, servedTasks } from './routes/options.ts';
import { restoreRoute } from './routes/restore.ts';

/** What the app needs of the isolate; tests may give it something quicker. */
export interface Isolate extends Studio {
  /** Rejects where the engine cannot start. */
  startEngine?(): Promise<void>;
  /** Shared with whatever else restores in the isolate. */
  gate?: Gate;
}

/** The service as an app. */
export function createApp(isolate: Isolate): Hono<AppEnv> {
  const app = new Hono<AppEnv>();
  const gate = isolate.gate ?? new Gate();
  const auto = isolate.detect !== undefined;

  app.use(requestId(), log());
  app.use(except('/docs', guarded({})));
  app.use('/docs', guarded({ styleSrc: ["'self'"] }));
  app.use(
    methodNotAllowed({
      app,
      onMethodNotAllowed(c, methods) {
        const allow = methods.join(', ');
        return problemResponse(c, problem('method-not-allowed', `Use ${allow}.`), { Allow: allow });
      },
    }),
  );
  app.get('/healthz', operations.health, (c) => c.json({ status: 'ok' }));

  app.use(async (c, next) => {
    c.set('config', configOf(c.env));
    await next();
  });
  app.get('/readyz', operations.ready, async (c) => {
    const start = isolate.startEngine?.();
    // Others wait for the same start: it must not be dropped with this request.
    if (start) c.executionCtx.waitUntil(start.catch(() => {}));
    await start;
    modelSummaries(); // reads every model, and throws where one cannot be read
    return c.json({ status: 'ready', tasks: servedTasks(auto), jobs: c.env.JOBS !== undefined });
  });
  app.get('/openapi.json', async (c) => c.json(await document(app)));
  app.get('/docs', async (c) => c.html(docsPage((await document(app)) as never, new URL(c.req.url).origin)));

  app.get('/docs.css', (c) => c.body(STYLE, 200, { 'Content-Type': 'text/css' }));

  app.use('/v1/*', crossOrigin(), authenticated());
  app.get('/v1/models', operations.models, (c) => {
    const models = modelSummaries().map((model) => {
      const { pixels, side } = largestFor(model.enlargement, c.get('config'));
      return { ...model, max_pixels: pixels, max_side: side };
    });
    return c.json({ models });
  });
  app.on('POST', ['/v1/restore', '/v1/jobs'], rateLimited());
  const restore = restoreRoute(isolate, gate);
  app.post(
    '/v1/restore',
    operations.restore,
    timing({ total: false, enabled: (c: Context) => c.res.status === 200 }),
    restoreOptions(auto),
    (c) => restore(c, c.req.valid('query')),
  );
  app.route('/v1/jobs', jobRoutes(gate, auto));

  app.notFound((c) => problemResponse(c, problem('not-found', 'Use an address that GET /docs lists.')));
  app.onError((error, c) => problemResponse(c, error));
  return app;
}

/** Headers that keep a browser from doing more with an answer than showing it; a page names what it needs. */
function guarded(policy: Record<string, string[]>) {
  const closed = {
    defaultSrc: ["'none'"],
    baseUri: ["'none'"],
    formAction: ["'none'"],
    frameAncestors: ["'none'"],
  };
  return secureHeaders({
    contentSecurityPolicy: { ...closed, ...policy },
    // Pages of other origins show what they had restored, where CORS_ORIGINS lets them ask.
    crossOriginResourcePolicy: false,
  });
}

function document(app: Hono<AppEnv>) {
  return generateSpecs(app, { documentation: about, defaultValidationErrorResponse: false });
}
