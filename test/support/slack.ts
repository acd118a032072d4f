import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Answer, Api } from './api.js';

interface Block {
  readonly type: string;
  readonly text?: { readonly text: string };
  readonly elements?: readonly { readonly text: string }[];
}

/** A body of `chat.postMessage`. */
export interface Posted {
  readonly channel: string;
  readonly text: string;
  readonly blocks: readonly Block[];
}

/** How Slack answers a post: it takes it, does so without an answer, or answers this instead of taking it. */
export type Treatment =
  | 'take'
  | 'break'
  | 'hang'
  | { readonly status: number; readonly headers?: Record<string, string>; readonly body?: object };

/** Slack's Web API on loopback, as far as it is called, with Slack's own checks of token, channel and lengths. */
export class FakeSlack {
  readonly botToken = 'xoxb-the-token-of-the-app';
  readonly channel = 'C0123456789';
  /** The messages that arrived, in order, whatever was answered. */
  readonly arrived: Posted[] = [];
  /** For the next posts, one each. */
  readonly treatments: Treatment[] = [];
  /** What `conversations.info` answers about the channel. */
  info: object = { ok: true, channel: { id: 'C0123456789', is_archived: false, is_member: true } };
  private readonly server = createServer((request, response) => void this.take(request, response));

  private constructor() {}

  static async start(): Promise<FakeSlack> {
    const slack = new FakeSlack();
    await once(slack.server.listen(0, '127.0.0.1'), 'listening');
    return slack;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/api`;
  }

  connect(api: Api, body: { config?: object; credentials?: object } = {}): Promise<Answer> {
    return api.post('/v1/integrations/slack/connect', {
      config: { channel: this.channel, url: this.url, ...body.config },
      credentials: { botToken: this.botToken, ...body.credentials },
    });
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { pathname } = new URL(request.url ?? '', 'http://slack');
    const isKnown = request.headers.authorization === `Bearer ${this.botToken}`;
    if (isKnown && pathname === '/api/chat.postMessage') {
      const posted = JSON.parse(Buffer.concat(chunks).toString()) as Posted;
      this.arrived.push(posted);
      this.treat(posted, response);
    } else
      response.end(JSON.stringify(isKnown ? this.answerTo(pathname) : { ok: false, error: 'invalid_auth' }));
  }

  private answerTo(pathname: string): object {
    if (pathname === '/api/auth.test') return { ok: true, team: 'Acme' };
    if (pathname === '/api/conversations.info') return this.info;
    return { ok: false, error: 'unknown_method' };
  }

  private treat(posted: Posted, response: ServerResponse): void {
    const treatment = this.treatments.shift() ?? 'take';
    if (treatment === 'hang') return;
    if (treatment === 'break') response.destroy();
    else if (treatment === 'take') response.end(JSON.stringify(verdictOn(posted, this.channel)));
    else response.writeHead(treatment.status, treatment.headers).end(JSON.stringify(treatment.body ?? {}));
  }
}

function verdictOn({ channel, blocks }: Posted, known: string): object {
  if (channel !== known) return { ok: false, error: 'channel_not_found' };
  const texts = blocks
    .flatMap(({ text, elements = [] }) => [text, ...elements])
    .filter((one) => one !== undefined);
  const fits = blocks.length <= 50 && texts.every(({ text }) => text.length > 0 && text.length <= 3000);
  return fits ? { ok: true, channel, ts: '1700000000.000100' } : { ok: false, error: 'invalid_blocks' };
}

/** Everything that a person reads, one line each. */
export function linesOf({ blocks }: Posted): string[] {
  return blocks.flatMap(({ text, elements = [] }) =>
    [text, ...elements].flatMap((one) => one?.text.split('\n') ?? []),
  );
}
