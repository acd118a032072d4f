import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Asked {
  readonly path: string;
  readonly query: URLSearchParams;
  readonly authorization: string | undefined;
}

/** A third-party JSON API on loopback: returns what the test says, and records its requests. */
export class JsonApi {
  readonly asked: Asked[] = [];

  private constructor(
    private readonly server: Server,
    /** JSON, or undefined when the handler sends or withholds the response itself. */
    public answering: (asked: Asked, response: ServerResponse) => unknown,
  ) {}

  static async start(answering: JsonApi['answering']): Promise<JsonApi> {
    const server = createServer((request, response) => {
      const { pathname, searchParams } = new URL(request.url ?? '', 'http://api');
      const asked = { path: pathname, query: searchParams, authorization: request.headers.authorization };
      request.resume().once('end', () => {
        api.asked.push(asked);
        const answer = api.answering(asked, response);
        if (answer !== undefined) response.end(JSON.stringify(answer));
      });
    });
    const api = new JsonApi(server, answering);
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
