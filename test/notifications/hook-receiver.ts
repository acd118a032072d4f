import { createHmac } from 'node:crypto';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/** A webhook message as received. */
export interface Hook {
  readonly id: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly raw: string;
  readonly body: { event: string; timestamp: string; tenantId: string; data: Record<string, unknown> };
}

export type Reply = number | 'hang' | { status: number; headers?: Record<string, string>; body?: string };

/** A webhook receiver on loopback that records every message and sends the response that the test sets. */
export class HookReceiver {
  readonly hooks: Hook[] = [];
  /** Requests that are left unanswered. */
  hanging = 0;
  reply: (hook: Hook) => Reply | Promise<Reply> = () => 204;
  private readonly server = createServer((request, response) => void this.take(request, response));

  private constructor() {}

  static async start(): Promise<HookReceiver> {
    const receiver = new HookReceiver();
    await new Promise<void>((resolve) => receiver.server.listen(0, '127.0.0.1', resolve));
    return receiver;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  url(path = '/hooks'): string {
    return `http://127.0.0.1:${this.port}${path}`;
  }

  /** The distinct message ids received at a path, in the order of their first arrival. */
  firsts(path = '/hooks'): string[] {
    return [...new Set(this.at(path).map(({ id }) => id))];
  }

  at(path = '/hooks'): Hook[] {
    return this.hooks.filter((hook) => hook.path === path);
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const raw = await text(request);
    const hook: Hook = {
      id: String(request.headers['webhook-id']),
      path: request.url ?? '',
      headers: request.headers,
      raw,
      body: JSON.parse(raw) as Hook['body'],
    };
    this.hooks.push(hook);
    const reply = await this.reply(hook);
    if (reply === 'hang') {
      this.hanging += 1;
      response.once('close', () => (this.hanging -= 1));
      return;
    }
    const { status, headers = {}, body } = typeof reply === 'number' ? { status: reply } : reply;
    response.writeHead(status, headers).end(body);
  }
}

/** Verifies a signature as the Standard Webhooks specification requires, independently of our own code. */
export function isSignedBy({ headers, raw }: Hook, secret: string): boolean {
  const key = Buffer.from(secret.slice('whsec_'.length), 'base64');
  const content = `${String(headers['webhook-id'])}.${String(headers['webhook-timestamp'])}.${raw}`;
  const expected = `v1,${createHmac('sha256', key).update(content).digest('base64')}`;
  return String(headers['webhook-signature']).split(' ').includes(expected);
}
