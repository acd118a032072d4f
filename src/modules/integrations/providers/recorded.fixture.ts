import { readFileSync } from 'node:fs';
import { once, setMaxListeners } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { SystemClock } from '#kernel/domain/clock';
import { GuardedFetch } from '#kernel/net/guarded-fetch';
import type { EvidenceQuestion, PulledRow } from '../api.js';
import type { Connection, Provider, SourceAnswer } from './provider.js';

const ALERTED_AT = new Date('2026-03-01T12:00:00Z');

export const QUESTION: EvidenceQuestion = {
  service: 'checkout',
  environment: 'production',
  alertedAt: ALERTED_AT,
  from: new Date('2026-03-01T11:00:00Z'),
  to: new Date('2026-03-01T12:10:00Z'),
};

export const OUTSIDE = { http: new GuardedFetch(['127.0.0.0/8']), clock: new SystemClock() };

export interface RecordedRequest {
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** Returns the JSON of the response, or writes the response itself. */
type Respond = (request: RecordedRequest, response: ServerResponse) => unknown;

/** A fake API on loopback with scripted answers, which records the requests. */
export class RecordedApi {
  readonly requests: RecordedRequest[] = [];
  respond: Respond = () => undefined;

  private constructor(private readonly server: Server) {}

  static async start(): Promise<RecordedApi> {
    const server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const { pathname, searchParams } = new URL(request.url ?? '', 'http://recorded');
        const { headers } = request;
        const recorded = {
          path: pathname,
          query: searchParams,
          headers,
          body: Buffer.concat(chunks).toString(),
        };
        api.requests.push(recorded);
        const answer = api.respond(recorded, response);
        if (answer !== undefined)
          response.setHeader('content-type', 'application/json').end(JSON.stringify(answer));
      });
    });
    const api = new RecordedApi(server);
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

/** A recorded answer of the official API. */
export function sample(provider: string, name: string): unknown {
  return JSON.parse(readFileSync(join(import.meta.dirname, provider, 'samples', `${name}.json`), 'utf8'));
}

/** Everything that a provider yields. @throws what it throws */
export async function pulled<C extends object, S extends object>(
  provider: Provider<C, S>,
  connection: Connection<C, S>,
  question: EvidenceQuestion = QUESTION,
): Promise<SourceAnswer[]> {
  const answers: SourceAnswer[] = [];
  const { signal } = new AbortController();
  setMaxListeners(0, signal);
  for await (const answer of provider.evidence?.pull(connection, question, OUTSIDE, signal) ?? [])
    answers.push(answer);
  return answers;
}

export function rowsOf(answers: readonly SourceAnswer[]): PulledRow[] {
  return answers.flatMap((answer) => ('rows' in answer ? answer.rows : []));
}

export function missingOf(answers: readonly SourceAnswer[]): string[] {
  return answers.flatMap((answer) => ('missing' in answer ? answer.missing : []));
}
