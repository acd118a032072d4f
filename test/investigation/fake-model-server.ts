import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Asked {
  readonly model: string;
  readonly max_tokens: number;
  readonly messages: readonly {
    readonly role: string;
    readonly content: unknown;
    readonly tool_calls?: readonly unknown[];
  }[];
  readonly tools: readonly { readonly function: { readonly name: string } }[];
}

interface Call {
  readonly name: string;
  readonly input: unknown;
}

/** What it does with a request: calls tools, says a text, or misbehaves as HTTP servers do. */
export type Reply =
  | { readonly calls: readonly Call[] }
  | { readonly text: string }
  | { readonly status: number; readonly body?: string }
  | 'hang';

/**
 * A real HTTP server on loopback that speaks as OpenAI-compatible ones do, or as Anthropic's does where it is called
 * by its path. Its mind is a function of the test.
 */
export class FakeModelServer {
  readonly requests: {
    readonly headers: IncomingMessage['headers'];
    readonly raw: string;
    readonly asked: Asked;
  }[] = [];
  /** From the request and its place among all, 1 for the first. */
  mind: (asked: Asked, turn: number) => Reply = () => ({ text: '' });
  usage: object | undefined = { prompt_tokens: 1_000, completion_tokens: 100, total_tokens: 1_100 };
  private readonly server = createServer((request, response) => void this.take(request, response));

  static async start(): Promise<FakeModelServer> {
    const model = new FakeModelServer();
    await new Promise<void>((resolve) => model.server.listen(0, '127.0.0.1', resolve));
    return model;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/v1`;
  }

  forget(): void {
    this.requests.length = 0;
    this.usage = { prompt_tokens: 1_000, completion_tokens: 100, total_tokens: 1_100 };
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const raw = Buffer.concat(chunks).toString('utf8');
    const asked = JSON.parse(raw) as Asked;
    this.requests.push({ headers: request.headers, raw, asked });
    const reply = this.mind(asked, this.requests.length);
    if (reply === 'hang') return;
    if ('status' in reply) {
      response.writeHead(reply.status, { 'content-type': 'application/json' });
      response.end(reply.body ?? JSON.stringify({ error: { message: 'no' } }));
      return;
    }
    if (request.url?.endsWith('/messages')) {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify(asAnthropic(reply)));
      return;
    }
    const message =
      'text' in reply ? { content: reply.text } : { content: null, tool_calls: reply.calls.map(toolCall) };
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(
      JSON.stringify({
        id: 'chatcmpl-1',
        object: 'chat.completion',
        created: 1,
        model: asked.model,
        choices: [
          {
            index: 0,
            message: { role: 'assistant', ...message },
            finish_reason: 'text' in reply ? 'stop' : 'tool_calls',
          },
        ],
        ...(this.usage && { usage: this.usage }),
      }),
    );
  }
}

function asAnthropic(reply: Exclude<Reply, 'hang' | { status: number }>): object {
  const content =
    'text' in reply
      ? [{ type: 'text', text: reply.text }]
      : reply.calls.map(({ name, input }, at) => ({ type: 'tool_use', id: `call_${at}`, name, input }));
  return {
    id: 'msg_1',
    type: 'message',
    role: 'assistant',
    model: 'pretend',
    content,
    stop_reason: 'text' in reply ? 'end_turn' : 'tool_use',
    stop_sequence: null,
    usage: { input_tokens: 1_000, output_tokens: 100 },
  };
}

function toolCall({ name, input }: Call, at: number): object {
  return {
    id: `call_${at}`,
    type: 'function',
    function: { name, arguments: typeof input === 'string' ? input : JSON.stringify(input) },
  };
}

/** All that the model was told so far, in one text. */
export function heard({ messages }: Asked): string {
  // Anthropic's messages are made of parts.
  return messages
    .map(({ content }) => (typeof content === 'string' ? content : JSON.stringify(content ?? '')))
    .join('\n');
}

/** The id of the log evidence, as a model finds it. */
export function logEvidence(asked: Asked): string {
  return /(evd_\w{26}) log from loki/.exec(heard(asked))?.[1] ?? 'evd_none';
}

export function cited(sentence: string, quote: string, evidenceId: string) {
  return { sentence, citations: [{ evidenceId, quote }] };
}
