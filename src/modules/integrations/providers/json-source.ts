import type { OutboundAnswer } from '#kernel/net/exchange';
import type { GuardedFetch } from '#kernel/net/guarded-fetch';
import { OutboundFailedError, OutboundRefusedError } from '#kernel/net/outbound-errors';
import { NoAnswer } from './provider.js';
import { objectOf, textOf } from './read-json.js';

interface Source {
  /** As it is called in sentences. */
  readonly name: string;
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly http: GuardedFetch;
  readonly signal?: AbortSignal | undefined;
  readonly caCertificate?: string | undefined;
  /** Of one answer; default 8 MiB. */
  readonly mostBytes?: number;
}

type Query = readonly (readonly [string, string])[];

const MOST_BYTES = 8 * 1024 * 1024;
const LONGEST_EXPLANATION = 300;

/** A JSON API at an address that a tenant chose. Every method throws NoAnswer, with a sentence, and nothing else. */
export class JsonSource {
  constructor(private readonly source: Source) {}

  get(path: string, query: Query = []): Promise<unknown> {
    return this.ask('GET', path, query);
  }

  post(path: string, body: object): Promise<unknown> {
    return this.ask('POST', path, [], JSON.stringify(body));
  }

  private async ask(method: string, path: string, query: Query, body?: string): Promise<unknown> {
    const { name } = this.source;
    const answer = await this.send(method, path, query, body);
    const json = parsed(answer);
    if (answer.status >= 200 && answer.status <= 299) {
      if (json === undefined) throw new NoAnswer(`${name} did not answer in JSON.`);
      return json;
    }
    throw new NoAnswer(`${name} answered ${answer.status}${explanation(answer.status, json)}.`);
  }

  private async send(method: string, path: string, query: Query, body?: string): Promise<OutboundAnswer> {
    const { name, url, headers, http, signal, caCertificate, mostBytes = MOST_BYTES } = this.source;
    const search = new URLSearchParams(
      query.map(([key, value]): [string, string] => [key, value]),
    ).toString();
    try {
      return await http.request({
        method,
        url: `${url.replace(/\/+$/, '')}${path}${search && `?${search}`}`,
        headers: {
          accept: 'application/json',
          'user-agent': 'CauseFlow',
          ...(body !== undefined && { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body !== undefined && { body }),
        maxResponseBytes: mostBytes,
        ...(signal && { signal }),
        ...(caCertificate !== undefined && { caCertificate }),
      });
    } catch (error) {
      if (error instanceof OutboundRefusedError) throw new NoAnswer(error.message);
      if (error instanceof OutboundFailedError)
        throw new NoAnswer(`The call to ${name} failed: ${error.reason}.`);
      throw error;
    }
  }
}

function parsed({ body }: OutboundAnswer): unknown {
  try {
    return JSON.parse(body.toString('utf8')) as unknown;
  } catch {
    return undefined;
  }
}

function explanation(status: number, json: unknown): string {
  if (status >= 300 && status <= 399) return '; redirects are not followed';
  if (status === 401 || status === 403) return ': the credentials do not allow this';
  const { error, message } = objectOf(json);
  const said = textOf(error) ?? textOf(objectOf(error)['reason']) ?? textOf(message);
  return said === undefined ? '' : `: ${said.slice(0, LONGEST_EXPLANATION)}`;
}
