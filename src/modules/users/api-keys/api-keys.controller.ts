import { Body, Controller, Delete, Get, HttpCode, Param, Post, Query, Res } from '@nestjs/common';
import {
  ApiCreatedResponse,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
} from '@nestjs/swagger';
import type { Response } from 'express';
import { Caller } from '#kernel/http/call-request';
import { errorResponses } from '#kernel/http/error-docs';
import { PageQuery } from '#kernel/http/page';
import { Allow, type Principal } from '#kernel/http/principal';
import {
  ApiKeyPage,
  ApiKeyView,
  CreateApiKeyBody,
  NewApiKey,
  RotatedSecret,
  RotateSecretBody,
} from './api-keys.dto.js';
import { CreateApiKey } from './create-api-key.js';
import { FindApiKey } from './find-api-key.js';
import { ListApiKeys } from './list-api-keys.js';
import { RevokeApiKey } from './revoke-api-key.js';
import { RotateSecret } from './rotate-secret.js';

@Controller('v1/api-keys')
@ApiTags('api keys')
@Allow({ role: 'admin' })
export class ApiKeysController {
  constructor(
    private readonly createApiKey: CreateApiKey,
    private readonly listApiKeys: ListApiKeys,
    private readonly findApiKey: FindApiKey,
    private readonly revokeApiKey: RevokeApiKey,
    private readonly rotateSecret: RotateSecret,
  ) {}

  @Post()
  @ApiOperation({ operationId: 'createApiKey', summary: 'Create an API key and its webhook secret' })
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

  @Get()
  @ApiOperation({ operationId: 'listApiKeys', summary: 'List the API keys of your tenant' })
  @ApiOkResponse({ type: ApiKeyPage })
  @errorResponses(400, 401, 403, 429)
  list(@Caller() { tenantId }: Principal, @Query() query: PageQuery): Promise<ApiKeyPage> {
    return this.listApiKeys.execute(tenantId, query);
  }

  @Get(':keyId')
  @ApiOperation({ operationId: 'getApiKey', summary: 'Get an API key' })
  @ApiOkResponse({ type: ApiKeyView })
  @errorResponses(401, 403, 404, 429)
  get(@Caller() { tenantId }: Principal, @Param('keyId') keyId: string): Promise<ApiKeyView> {
    return this.findApiKey.execute(tenantId, keyId);
  }

  @Delete(':keyId')
  @HttpCode(204)
  @ApiOperation({ operationId: 'revokeApiKey', summary: 'Revoke an API key' })
  @ApiNoContentResponse()
  @errorResponses(401, 403, 404, 429)
  revoke(@Caller() { tenantId }: Principal, @Param('keyId') keyId: string): Promise<void> {
    return this.revokeApiKey.execute(tenantId, keyId);
  }

  @Post(':keyId/rotate-secret')
  @HttpCode(200)
  @ApiOperation({
    operationId: 'rotateWebhookSecret',
    summary: 'Rotate the webhook secret of an API key',
    description:
      'The current secret stays valid for `overlapMinutes`, so that senders can be updated one by one, and former ones ' +
      'until their own overlaps end; 0 ends all overlaps at once.',
  })
  @ApiOkResponse({ type: RotatedSecret })
  @errorResponses(400, 401, 403, 404, 429)
  rotate(
    @Caller() { tenantId }: Principal,
    @Param('keyId') keyId: string,
    @Body() { overlapMinutes }: RotateSecretBody,
  ): Promise<RotatedSecret> {
    return this.rotateSecret.execute(tenantId, keyId, overlapMinutes);
  }
}
