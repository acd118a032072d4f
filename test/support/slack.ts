import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Answer, Api } from './api.js';

interface Button {
  readonly action_id: string;
  readonly value: string;
  readonly text: { readonly text: string };
}

interface Block {
  readonly type: string;
  readonly block_id?: string;
  readonly text?: { readonly text: string };
  readonly elements?: readonly { readonly text: string }[];
}

/** A body of `chat.postMessage`. */
export interface Posted {
  readonly channel: string;
  readonly text: string;
  readonly blocks: readonly Block[];
  readonly thread_ts?: string;
  readonly reply_broadcast?: boolean;
}

/** An answer to the press of a button: in the thread of its message, or for the person alone. */
export interface Reply {
  readonly channel: string;
  readonly text: string;
  readonly thread_ts?: string;
  readonly user?: string;
}

/** How Slack answers a post: it takes it (later, or without an answer), or answers this instead of taking it. */
export type Treatment =
  | 'take'
  | 'break'
  | 'hang'
  | Promise<unknown>
  | { readonly status: number; readonly headers?: Record<string, string>; readonly body?: object };

/** Slack's Web API on loopback, as far as it is called, with Slack's own checks of token, channel and lengths. */
export class FakeSlack {
  readonly botToken = 'xoxb-the-token-of-the-app';
  readonly channel = 'C0123456789';
  readonly signingSecret = '0123456789abcdef0123456789abcdef';
  /** The messages that arrived, in order, whatever was answered. */
  readonly arrived: Posted[] = [];
  readonly replies: Reply[] = [];
  /** For the next posts, one each. */
  readonly treatments: Treatment[] = [];
  /** For the next posts without blocks, which tell the result of a decision. */
  readonly replyTreatments: Treatment[] = [];
  /** What `conversations.info` answers about the channel. */
  info: object = { ok: true, channel: { id: 'C0123456789', is_archived: false, is_member: true } };
  private readonly server = createServer((request, response) => void this.take(request, response));
  /** The `ts` of each message in the channel, and of its thread. */
  private readonly shown = new Map<Posted | Reply, { readonly ts: string; readonly thread_ts?: string }>();
  private count = 100;

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

  /**
   * A person presses a button of a message: Slack sends that to the address that it was told.
   * @param forgery what somebody else than Slack would send
   */
  async press(
    address: string,
    message: Posted,
    what: 'approve' | 'reject',
    person: string,
    forgery: {
      secret?: string;
      ageSeconds?: number;
      signature?: string;
      block?: string;
      headers?: object;
    } = {},
  ): Promise<number> {
    const buttons = message.blocks.find(({ type }) => type === 'actions');
    const pressed = (buttons?.elements as unknown as Button[]).find(({ action_id: id }) => id === what);
    const payload = {
      type: 'block_actions',
      user: { id: person },
      channel: { id: this.channel },
      message: this.shown.get(message),
      actions: [{ ...pressed, block_id: forgery.block ?? buttons?.block_id, type: 'button' }],
    };
    return this.send(address, new URLSearchParams({ payload: JSON.stringify(payload) }).toString(), forgery);
  }

  async send(
    address: string,
    body: string,
    { secret = this.signingSecret, ageSeconds = 0, signature = '', headers = {} } = {},
  ): Promise<number> {
    const timestamp = Math.floor(Date.now() / 1000) - ageSeconds;
    const hmac = createHmac('sha256', secret).update(`v0:${timestamp}:${body}`).digest('hex');
    const response = await fetch(address, {
      method: 'POST',
      body,
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        'x-slack-request-timestamp': String(timestamp),
        'x-slack-signature': signature || `v0=${hmac}`,
        ...headers,
      },
    });
    const text = await response.text();
    if (response.ok && text !== '') throw new Error(`Slack would show ${text}`);
    return response.status;
  }

  /** Of a message in the channel, or in a thread. */
  tsOf(message: Posted | Reply | undefined): string | undefined {
    return message && this.shown.get(message)?.ts;
  }

  /** Somebody deletes a message that has no replies: it leaves no trace. */
  delete(message: Posted): void {
    this.shown.delete(message);
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
    if (isKnown && pathname.startsWith('/api/chat.post')) {
      const posted = JSON.parse(Buffer.concat(chunks).toString()) as Posted | Reply;
      const [list, treatments] =
        'blocks' in posted ? [this.arrived, this.treatments] : [this.replies, this.replyTreatments];
      (list as (Posted | Reply)[]).push(posted);
      await this.treat(posted, treatments.shift() ?? 'take', response);
    } else
      response.end(JSON.stringify(isKnown ? this.answerTo(pathname) : { ok: false, error: 'invalid_auth' }));
  }

  private answerTo(pathname: string): object {
    if (pathname === '/api/auth.test') return { ok: true, team: 'Acme' };
    if (pathname === '/api/conversations.info') return this.info;
    return { ok: false, error: 'unknown_method' };
  }

  private async treat(posted: Posted | Reply, treatment: Treatment, response: ServerResponse): Promise<void> {
    if (treatment === 'hang') return;
    if (treatment === 'break') {
      this.show(posted);
      response.destroy();
    } else if (treatment === 'take' || treatment instanceof Promise) {
      await treatment;
      const fault = faultOf(posted, this.channel);
      response.end(JSON.stringify(fault ? { ok: false, error: fault } : this.show(posted)));
    } else response.writeHead(treatment.status, treatment.headers).end(JSON.stringify(treatment.body ?? {}));
  }

  /** Slack does not refuse a reply to a message that is gone: it becomes a message of its own. */
  private show(posted: Posted | Reply): object {
    const ts = `1700000000.${String((this.count += 1)).padStart(6, '0')}`;
    const parent = [...this.shown.values()].find((each) => each.ts === posted.thread_ts);
    const thread = parent && (parent.thread_ts ?? parent.ts);
    const message = { ts, ...(thread !== undefined && { thread_ts: thread }) };
    this.shown.set(posted, message);
    return { ok: true, channel: posted.channel, ts, message };
  }
}

function faultOf(posted: Posted | Reply, known: string): string | undefined {
  if (posted.channel !== known) return 'channel_not_found';
  if (!('blocks' in posted)) return undefined;
  const { blocks } = posted;
  const fits =
    blocks.length <= 50 && blocks.every((block) => textsOf(block).every((text) => isWithin(3000, text)));
  const buttons = blocks.flatMap(({ type, elements = [] }) =>
    type === 'actions' ? elements : [],
  ) as unknown as Button[];
  const isUsable = buttons.every(({ value, text }) => isWithin(2000, value) && isWithin(75, text.text));
  return fits && isUsable ? undefined : 'invalid_blocks';
}

function isWithin(max: number, text: string): boolean {
  return text.length > 0 && text.length <= max;
}

function textsOf({ type, text, elements = [] }: Block): string[] {
  return [text, ...(type === 'actions' ? [] : elements)].flatMap((one) => one?.text ?? []);
}

/** Everything that a person reads, one line each. */
export function linesOf({ blocks }: Posted): string[] {
  return blocks.flatMap(textsOf).flatMap((text) => text.split('\n'));
}
