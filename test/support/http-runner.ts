import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { Webhook } from 'standardwebhooks';
import type { Answer, Api } from './api.js';

/** A step that arrived, its signature already verified by the Standard Webhooks library. */
export interface ReceivedOrder {
  readonly webhookId: string;
  readonly headers: IncomingMessage['headers'];
  /** As sent: remediationId, incidentId, stepId, action, params, dryRun, attempt. */
  readonly body: Record<string, unknown> & { readonly action: string; readonly stepId: string };
}

/** How the runner answers an order. `hang` never answers, `break` closes the connection without an answer. */
export type Treatment =
  | 'succeed'
  | 'fail'
  | 'hang'
  | 'break'
  | { readonly status: number; readonly headers?: Record<string, string>; readonly body?: unknown };

/** A real HTTP runner on loopback: records its orders, and answers as the test configures it. */
export class HttpRunner {
  readonly secret = `whsec_${randomBytes(32).toString('base64')}`;
  readonly orders: ReceivedOrder[] = [];
  /** Requests whose signature did not verify; they are answered 401. */
  readonly forged: string[] = [];
  probes = 0;
  /** The default for orders without a `treat`. */
  treatment: Treatment = 'succeed';
  private readonly byAction = new Map<string, Treatment[]>();
  private readonly server = createServer((request, response) => void this.take(request, response));

  private constructor() {}

  static async start(): Promise<HttpRunner> {
    const runner = new HttpRunner();
    await new Promise<void>((resolve) => runner.server.listen(0, '127.0.0.1', resolve));
    return runner;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/steps`;
  }

  /** The next orders of an action get these treatments, one each; the last of them stays. `probe` is an action too. */
  treat(action: string, ...treatments: [Treatment, ...Treatment[]]): void {
    this.byAction.set(action, treatments);
  }

  /** Connects itself as an integration. */
  connect(
    api: Api,
    actions: readonly string[],
    config: object = {},
  ): Promise<Answer<{ integrationId: string }>> {
    return api.post('/v1/integrations/http_runner/connect', {
      config: { url: this.url, actions, ...config },
      credentials: { secret: this.secret },
    });
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const raw = await text(request);
    let body: ReceivedOrder['body'];
    try {
      body = new Webhook(this.secret).verify(
        raw,
        request.headers as Record<string, string>,
      ) as ReceivedOrder['body'];
    } catch {
      this.forged.push(raw);
      response.writeHead(401).end();
      return;
    }
    if (body.action === 'probe') this.probes += 1;
    else
      this.orders.push({ webhookId: String(request.headers['webhook-id']), headers: request.headers, body });
    this.answer(this.nextTreatment(body.action), response);
  }

  private nextTreatment(action: string): Treatment {
    const planned = this.byAction.get(action);
    if (!planned) return this.treatment;
    return (planned.length > 1 ? planned.shift() : planned[0]) ?? this.treatment;
  }

  private answer(treatment: Treatment, response: ServerResponse): void {
    if (treatment === 'hang') return;
    if (treatment === 'break') {
      response.destroy();
      return;
    }
    const { status, headers = {}, body }: { status: number; headers?: Record<string, string>; body?: unknown } =
      treatment === 'succeed' ? { status: 200, body: { status: 'succeeded', output: { done: true } } }
      : treatment === 'fail' ? { status: 200, body: { status: 'failed', output: { reason: 'no such deployment' } } }
      : treatment; // prettier-ignore
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(typeof body === 'string' ? body : body === undefined ? undefined : JSON.stringify(body));
  }
}
