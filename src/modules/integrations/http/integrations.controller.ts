import {
  Body,
  Controller,
  Delete,
  Get,
  HttpCode,
  Inject,
  Param,
  Post,
  Query,
  Req,
  Res,
} from '@nestjs/common';
import {
  ApiCreatedResponse,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiParam,
  ApiTags,
} from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { Config } from '#kernel/config/config';
import { Caller } from '#kernel/http/call-request';
import { errorResponses } from '#kernel/http/error-docs';
import { jsonSchemaOf } from '#kernel/http/json-schema';
import { PageQuery } from '#kernel/http/page';
import { Allow, type Principal } from '#kernel/http/principal';
import { ConnectIntegration } from '../application/connections/connect-integration.js';
import { DisconnectIntegration } from '../application/connections/disconnect-integration.js';
import { ListIntegrations } from '../application/connections/list-integrations.js';
import { TestIntegration } from '../application/connections/test-integration.js';
import type { Integration } from '../domain/integration.js';
import { Integrations } from '../domain/integrations.js';
import { PROVIDERS, providerNamed } from '../providers/registry.js';
import {
  Catalog,
  ConnectBody,
  IntegrationPage,
  IntegrationTestResult,
  IntegrationView,
} from './integrations.dto.js';

@Controller('v1/integrations')
@ApiTags('integrations')
export class IntegrationsController {
  constructor(
    private readonly integrations: Integrations,
    private readonly connectIntegration: ConnectIntegration,
    private readonly listIntegrations: ListIntegrations,
    private readonly testIntegration: TestIntegration,
    private readonly disconnectIntegration: DisconnectIntegration,
    @Inject(Config) private readonly config: Config,
  ) {}

  @Get('catalog')
  @Allow({})
  @ApiOperation({ operationId: 'getIntegrationCatalog', summary: 'List the tools that can be connected' })
  @ApiOkResponse({ type: Catalog })
  @errorResponses(401, 403, 429)
  catalog(): Catalog {
    const items = PROVIDERS.map(({ config, credentials, provider, displayName, category, ...more }) => ({
      provider,
      displayName,
      category,
      capabilities: more.capabilities,
      authType: more.authType,
      configSchema: jsonSchemaOf(config),
      credentialsSchema: { ...jsonSchemaOf(credentials), writeOnly: true },
      setupGuide: more.setupGuide,
    }));
    return { items, nextCursor: null };
  }

  @Post(':provider/connect')
  @Allow({ role: 'admin' })
  @ApiOperation({
    operationId: 'connectIntegration',
    summary: 'Connect a tool',
    description: 'The tool is called before anything is stored.',
  })
  @ApiParam({ name: 'provider', example: 'http_runner' })
  @ApiCreatedResponse({ type: IntegrationView })
  @errorResponses(400, 401, 403, 404, 413, 415, 422, 429)
  async connect(
    @Caller() { tenantId, id }: Principal,
    @Param('provider') provider: string,
    @Body() body: ConnectBody,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<IntegrationView> {
    const { integration, ingestToken } = await this.connectIntegration.execute(tenantId, provider, body, id);
    response.setHeader('Location', `/v1/integrations/${integration.integrationId}`);
    const view = integrationView(integration);
    if (ingestToken !== null) {
      const origin = this.config.publicUrl ?? `${request.protocol}://${request.host}`;
      view.ingestUrl = `${origin}/v1/webhooks/${tenantId}/${provider}/${ingestToken}`;
    }
    return view;
  }

  @Get()
  @Allow({})
  @ApiOperation({ operationId: 'listIntegrations', summary: 'List integrations' })
  @ApiOkResponse({ type: IntegrationPage })
  @errorResponses(400, 401, 403, 429)
  async list(@Caller() { tenantId }: Principal, @Query() query: PageQuery): Promise<IntegrationPage> {
    const page = await this.listIntegrations.execute(tenantId, query);
    return { ...page, items: page.items.map(integrationView) };
  }

  @Get(':integrationId')
  @Allow({})
  @ApiOperation({ operationId: 'getIntegration', summary: 'Get an integration' })
  @ApiOkResponse({ type: IntegrationView })
  @errorResponses(401, 403, 404, 429)
  async get(
    @Caller() { tenantId }: Principal,
    @Param('integrationId') integrationId: string,
  ): Promise<IntegrationView> {
    return integrationView(await this.integrations.get(tenantId, integrationId));
  }

  @Post(':integrationId/test')
  @Allow({ role: 'admin' })
  @HttpCode(200)
  @ApiOperation({ operationId: 'testIntegration', summary: 'Test an integration' })
  @ApiOkResponse({ type: IntegrationTestResult })
  @errorResponses(401, 403, 404, 429)
  async test(
    @Caller() { tenantId }: Principal,
    @Param('integrationId') integrationId: string,
  ): Promise<IntegrationTestResult> {
    return this.testIntegration.execute(tenantId, integrationId);
  }

  @Delete(':integrationId')
  @Allow({ role: 'admin' })
  @HttpCode(204)
  @ApiOperation({
    operationId: 'disconnectIntegration',
    summary: 'Disconnect a tool and delete its credentials',
  })
  @ApiNoContentResponse()
  @errorResponses(401, 403, 404, 429)
  async disconnect(
    @Caller() { tenantId, id }: Principal,
    @Param('integrationId') integrationId: string,
  ): Promise<void> {
    await this.disconnectIntegration.execute(tenantId, integrationId, id);
  }
}

function integrationView(integration: Integration): IntegrationView {
  const { integrationId, provider, label, status, connectedBy, connectedAt } = integration;
  const { capabilities } = providerNamed(provider);
  return {
    integrationId,
    provider,
    label,
    status,
    capabilities,
    connectedBy,
    connectedAt: connectedAt.toISOString(),
  };
}
