import { Hono } from 'hono';
import { methodNotAllowed } from 'hono/method-not-allowed';
import { type RequestIdVariables, requestId } from 'hono/request-id';
import { secureHeaders } from 'hono/secure-headers';
import { timing } from 'hono/timing';
import { modelSummaries } from './models.ts';
import { problem, problemResponse } from './problem.ts';
import { type RestorerFor, restoreRoute } from './routes/restore.ts';

/** The service as an app; the Worker gives it the engine, and tests may give it something quicker. */
export function createApp(restorerFor: RestorerFor): Hono<{ Variables: RequestIdVariables }> {
  const app = new Hono<{ Variables: RequestIdVariables }>();
  app.use(requestId());
  app.use(
    secureHeaders({ contentSecurityPolicy: { defaultSrc: ["'none'"] }, crossOriginResourcePolicy: false }),
  );
  app.use(
    methodNotAllowed({
      app,
      onMethodNotAllowed(c, methods) {
        const allow = methods.join(', ');
        return problemResponse(c, problem('method-not-allowed', `Use ${allow}.`), { Allow: allow });
      },
    }),
  );

  app.get('/healthz', (c) => c.json({ status: 'ok' }));
  app.get('/v1/models', (c) => c.json({ models: modelSummaries() }));
  app.post('/v1/restore', timing({ total: false, enabled: (c) => c.res.ok }), restoreRoute(restorerFor));

  app.notFound((c) =>
    problemResponse(c, problem('not-found', 'Use POST /v1/restore, GET /v1/models or GET /healthz.')),
  );
  app.onError((error, c) => problemResponse(c, error));
  return app;
}
