import { Controller, HttpCode, Param, Post, Req, Res, UseFilters } from '@nestjs/common';
import type { Response } from 'express';
import { FrequentRefusal, Refusal } from '#kernel/domain/errors';
import { Public, Uncounted } from '#kernel/http/principal';
import type { HeaderWriter } from '#kernel/http/rate-limiter';
import { type IngestEndpoint, AlertSources, ChatDecisions } from '#modules/integrations/api';
import { ChangeLog } from '#modules/investigation/api';
import { ReceiveNotices } from '../application/receive-notices.js';
import { AlertGate, type WebhookRequest } from './alert-gate.js';
import { CountRefusals } from './count-refusals.filter.js';
import { nativeWebhookDocs, NoticesAccepted } from './webhooks.docs.js';

/** Receives alerts and deploys in the formats of monitoring tools. The order of the checks is that of custom alerts. */
@Controller('v1/webhooks')
@Uncounted()
@UseFilters(CountRefusals)
export class NativeWebhooksController {
  constructor(
    private readonly receiveNotices: ReceiveNotices,
    private readonly sources: AlertSources,
    private readonly decisions: ChatDecisions,
    private readonly changes: ChangeLog,
    private readonly gate: AlertGate,
  ) {}

  @Post(':tenantId/:provider')
  @Public()
  @HttpCode(202)
  @nativeWebhookDocs({ operationId: 'sendAlerts', by: 'key' })
  async byKey(
    @Param('tenantId') tenantId: string,
    @Param('provider') provider: string,
    @Req() request: WebhookRequest,
    @Res({ passthrough: true }) answer: HeaderWriter,
  ): Promise<NoticesAccepted | undefined> {
    return this.take(request, answer, async () => {
      const holder = await this.gate.holderOf(tenantId, request);
      return { tenantId: holder.tenantId, provider, integrationId: null };
    });
  }

  @Post(':tenantId/:provider/:ingestToken')
  @Public()
  @HttpCode(202)
  @nativeWebhookDocs({ operationId: 'sendAlertsByToken', by: 'token' })
  async byToken(
    @Param('tenantId') tenantId: string,
    @Param('provider') provider: string,
    @Param('ingestToken') ingestToken: string,
    @Req() request: WebhookRequest,
    @Res() response: Response,
  ): Promise<void> {
    const accepted = await this.takeByToken({ tenantId, provider, ingestToken }, request, response);
    if (accepted) response.json(accepted);
    else response.status(200).end();
  }

  /** @returns undefined for a request of Slack, which expects a 200 and may show a body to the person */
  takeByToken(
    { tenantId, provider, ingestToken }: { tenantId: string; provider: string; ingestToken: string },
    request: WebhookRequest,
    answer: HeaderWriter,
  ): Promise<NoticesAccepted | undefined> {
    return this.take(request, answer, async () => {
      const endpoint = await this.sources.endpointOf(ingestToken);
      if (endpoint?.tenantId !== tenantId || endpoint.provider !== provider)
        throw new FrequentRefusal('invalid_api_key', 'The token in the address is not valid.');
      return endpoint;
    });
  }

  private async take(
    request: WebhookRequest,
    answer: HeaderWriter,
    authenticate: () => Promise<IngestEndpoint>,
  ): Promise<NoticesAccepted | undefined> {
    const delivery = { headers: request.headers, raw: request.rawBody ?? Buffer.alloc(0) };
    const endpoint = await this.gate.check(request, answer, async () => {
      const authenticated = await authenticate();
      await this.sources.verify(authenticated, delivery);
      return authenticated;
    });
    const { tenantId } = endpoint;
    await this.gate.count(tenantId, answer).catch(asUnavailable);
    if (await this.decisions.take(endpoint, delivery)) return undefined;
    const content = await this.sources.read(endpoint, delivery);
    const { notices, deploys } = content;
    for (const deploy of deploys) await this.changes.record(tenantId, { type: 'deploy', ...deploy });
    const incidents = await this.receiveNotices.execute(endpoint, content, delivery.raw);
    return { accepted: notices.length + deploys.length, incidents };
  }
}

/** Most tools retry after 503 but not after 429. */
function asUnavailable(error: unknown): never {
  if (!(error instanceof Refusal) || error.retryAfter === undefined) throw error;
  throw new FrequentRefusal('service_unavailable', error.message, {
    retryAfter: error.retryAfter,
    cause: error,
  });
}
