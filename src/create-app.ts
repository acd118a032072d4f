import type { LoggerService } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { Request } from 'express';
import { AccessLog } from '#kernel/http/access-log';
import { ApiDocuments } from '#kernel/http/openapi/api-documents';
import { FastLane, type LaneRequest } from '#kernel/http/fast-lane';
import { LargeBodies } from '#kernel/http/large-bodies';
import { LeanExpressAdapter } from '#kernel/http/lean-express-adapter';
import { NulCharacterPipe } from '#kernel/http/nul-character.pipe';
import { requestBody } from '#kernel/http/request-body';
import { requestContext } from '#kernel/http/request-context';
import { UnexpectedBodyGuard } from '#kernel/http/unexpected-body.guard';
import { answerUnreadable } from '#kernel/http/unreadable-request';
import { FieldPipe } from '#kernel/http/validation';
import { RequestDurations } from '#kernel/metrics/request-durations';
import { AppModule, type AppParts } from './app.module.js';

const READABLE_BY_BROWSERS = [
  'ETag',
  'Idempotent-Replay',
  'Location',
  'Retry-After',
  'X-RateLimit-Limit',
  'X-RateLimit-Remaining',
  'X-RateLimit-Reset',
  'X-Request-Id',
];

/** How long a browser need not ask again before it sends a request. Without it, Chrome asks every five seconds. */
const PREFLIGHT_SECONDS = 7_200;

/**
 * Assembles the whole application, which does not listen yet.
 * @param purpose to `describe` it, no provider is instantiated and no database is needed
 */
export async function createApp(
  parts: AppParts,
  logger: LoggerService,
  purpose: 'serve' | 'describe' = 'serve',
): Promise<NestExpressApplication> {
  const { config } = parts;
  const adapter = new LeanExpressAdapter();
  const app = await NestFactory.create<NestExpressApplication>(AppModule.with(parts), adapter, {
    logger,
    bodyParser: false,
    abortOnError: false,
    preview: purpose === 'describe',
  });
  app.getHttpServer().on('clientError', answerUnreadable);
  app.disable('x-powered-by');
  app.set('trust proxy', config.trustProxy);
  app.set('etag', false);
  app.use(requestContext);
  if (config.corsOrigins.length > 0) {
    app.enableCors({
      origin: [...config.corsOrigins],
      exposedHeaders: READABLE_BY_BROWSERS,
      maxAge: PREFLIGHT_SECONDS,
    });
  }
  if (purpose === 'serve') {
    const lane = app.get(FastLane);
    adapter.lane = (request, response) => lane.takes(request as LaneRequest, response);
    app.use(app.get(AccessLog).middleware);
    app.use(app.get(RequestDurations).middleware);
    app.use(requestBody(config.maxBodyBytes, app.get(LargeBodies), isEvidenceUpload));
  }
  app.get(ApiDocuments).describe(app);
  app.useGlobalGuards(new UnexpectedBodyGuard());
  app.useGlobalPipes(new NulCharacterPipe(), new FieldPipe());
  return app;
}

/** The route itself streams tables and logs, row by row. */
function isEvidenceUpload({ method, path, headers }: Request): boolean {
  return (
    method === 'POST' &&
    /^\/v1\/incidents\/[^/]+\/evidence\/?$/.test(path) &&
    !/^application\/([\w.-]+\+)?json\b/i.test(headers['content-type'] ?? '')
  );
}
