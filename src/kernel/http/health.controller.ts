import { Controller, Get, Inject } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { DataSource } from 'typeorm';
import { Refusal } from '../domain/errors.js';
import { within } from '../domain/within.js';
import { errorResponses } from './error-docs.js';
import { OneOf } from './fields.js';
import { Public, Uncounted } from './principal.js';

/** A connection to a database that is silent fails only after a minute. */
const READY_MS = 5_000;

class Health {
  @OneOf(['ok']) status!: 'ok';
}

@Controller('health')
@ApiTags('operations')
@Public()
@Uncounted()
export class HealthController {
  constructor(@Inject(DataSource) private readonly source: DataSource) {}

  @Get('live')
  @ApiOperation({ operationId: 'getLiveness', summary: 'Check whether the process runs' })
  @ApiOkResponse({ type: Health })
  live(): Health {
    return { status: 'ok' };
  }

  @Get('ready')
  @ApiOperation({
    operationId: 'getReadiness',
    summary: 'Check whether the database answers',
  })
  @ApiOkResponse({ type: Health })
  @errorResponses(503)
  async ready(): Promise<Health> {
    try {
      await within(READY_MS, this.source.query('SELECT 1'));
      return { status: 'ok' };
    } catch (cause) {
      throw new Refusal('service_unavailable', 'The database does not answer.', { retryAfter: 2, cause });
    }
  }
}
