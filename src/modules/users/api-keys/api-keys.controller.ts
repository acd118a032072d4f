import { Body, Controller, Post, Res } from '@nestjs/common';
import { ApiCreatedResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { errorResponses } from '#kernel/http/error-docs';
import { Caller } from '#kernel/http/call-request';
import { Allow, type Principal } from '#kernel/http/principal';
import { CreateApiKeyBody, NewApiKey } from './api-keys.dto.js';
import { CreateApiKey } from './create-api-key.js';

@Controller('v1/api-keys')
@ApiTags('api keys')
@Allow({ role: 'admin' })
export class ApiKeysController {
  constructor(private readonly createApiKey: CreateApiKey) {}

  @Post()
  @ApiOperation({ operationId: 'createApiKey', summary: 'Make an API key and its webhook secret' })
  @ApiCreatedResponse({ type: NewApiKey })
  @errorResponses(400, 401, 403, 429)
  async create(
    @Caller() caller: Principal,
    @Body() body: CreateApiKeyBody,
    @Res({ passthrough: true }) response: Response,
  ): Promise<NewApiKey> {
    const key = await this.createApiKey.execute(caller, body);
    response.location(`/v1/api-keys/${key.keyId}`);
    return key;
  }
}
