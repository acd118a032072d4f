import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface JsonApiRequest {
  readonly path: string;
  readonly query: URLSearchParams;
  readonly authorization: string | undefined;
}

/** A third-party JSON API on loopback: returns what the test sets, and records its requests. */
export class JsonApi {
  readonly requests: JsonApiRequest[] = [];

  private constructor(
    private readonly server: Server,
    /** JSON, or undefined when the handler sends or withholds the response itself. */
    public respond: (request: JsonApiRequest, response: ServerResponse) => unknown,
  ) {}

  static async start(respond: JsonApi['respond']): Promise<JsonApi> {
    const server = createServer((message, response) => {
      const { pathname, searchParams } = new URL(message.url ?? '', 'http://api');
      const request = {
        path: pathname,
        query: searchParams,
        authorization: message.headers.authorization,
      };
      message.resume().once('end', () => {
        api.requests.push(request);
        const answer = api.respond(request, response);
        if (answer !== undefined) response.end(JSON.stringify(answer));
      });
    });
    const api = new JsonApi(server, respond);
    await once(server.listen(0, '127.0.0.1'), 'listening');
    return api;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}
