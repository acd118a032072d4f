import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

export interface ModelRequest {
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

/** The response to a request: tool calls, a text, an HTTP error, or none (`hang`). */
export type Reply =
  | { readonly calls: readonly Call[] }
  | { readonly text: string }
  | { readonly status: number; readonly body?: string }
  | 'hang';

/**
 * An HTTP server on loopback with the chat APIs of OpenAI-compatible servers and of Anthropic. The test provides a
 * function that returns the reply.
 */
export class FakeModelServer {
  readonly requests: {
    readonly headers: IncomingMessage['headers'];
    readonly raw: string;
    readonly body: ModelRequest;
  }[] = [];
  /** @param turn the number of the request, from 1 */
  respond: (request: ModelRequest, turn: number) => Reply = () => ({ text: '' });
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
    const raw = await text(request);
    const body = JSON.parse(raw) as ModelRequest;
    this.requests.push({ headers: request.headers, raw, body });
    const reply = this.respond(body, this.requests.length);
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
        model: body.model,
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

/** All messages of a request as one text. */
export function textOf({ messages }: ModelRequest): string {
  // Anthropic's messages consist of parts.
  return messages
    .map(({ content }) => (typeof content === 'string' ? content : JSON.stringify(content ?? '')))
    .join('\n');
}

/** The id of the log evidence, taken from the messages. */
export function logEvidence(request: ModelRequest): string {
  return /(evd_\w{26}) log from loki/.exec(textOf(request))?.[1] ?? 'evd_none';
}

export function cited(sentence: string, quote: string, evidenceId: string) {
  return { sentence, citations: [{ evidenceId, quote }] };
}
