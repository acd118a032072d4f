import { Controller, Get, Inject, Req, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { Config } from '../config/config.js';
import { constantTimeEquals } from '../crypto/secrets.js';
import { Refusal } from '../domain/errors.js';
import { errorResponses } from '../http/error-docs.js';
import { Public, Uncounted } from '../http/principal.js';
import { Exposition } from './exposition.js';

/** Public unless METRICS_TOKEN is set. */
@Controller('metrics')
@ApiTags('operations')
@Public()
@Uncounted()
export class MetricsController {
  constructor(
    @Inject(Config) private readonly config: Config,
    private readonly exposition: Exposition,
  ) {}

  @Get()
  @ApiOperation({
    operationId: 'getMetrics',
    summary: 'Get metrics of this process and the database, as OpenMetrics text',
  })
  @ApiOkResponse({
    content: { 'application/openmetrics-text': { schema: { type: 'string' }, example: '# EOF\n' } },
  })
  @errorResponses(401)
  async metrics(@Req() request: Request, @Res() response: Response): Promise<void> {
    this.refuseStrangers(request);
    const { contentType, text } = await this.exposition.write();
    response.setHeader('Content-Type', contentType).send(text);
  }

  private refuseStrangers({ headers }: Request): void {
    const { metricsToken } = this.config;
    if (metricsToken === undefined) return;
    const given = /^Bearer +(\S+)$/i.exec(headers.authorization ?? '')?.[1] ?? '';
    if (constantTimeEquals(given, metricsToken)) return;
    throw new Refusal('unauthorized', 'The metrics require the METRICS_TOKEN.');
  }
}
