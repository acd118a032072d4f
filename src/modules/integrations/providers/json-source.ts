import type { OutboundAnswer } from '#kernel/net/exchange';
import type { GuardedFetch } from '#kernel/net/guarded-fetch';
import { OutboundFailedError, OutboundRefusedError } from '#kernel/net/outbound-errors';
import { ProviderError } from './provider.js';
import { objectOf, textOf } from './read-json.js';

interface Source {
  /** Its name in error messages. */
  readonly name: string;
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly http: GuardedFetch;
  readonly signal?: AbortSignal | undefined;
  readonly caCertificate?: string | undefined;
  /** Size limit of one response; default 8 MiB. */
  readonly maxBytes?: number;
}

type Query = readonly (readonly [string, string])[];

const MAX_BYTES = 8 * 1024 * 1024;
const MAX_EXPLANATION = 300;
/** Statuses that speak of the body of the request. */
const REFUSALS: ReadonlySet<number> = new Set([400, 413, 422]);

/** A JSON response, raw and parsed. */
interface JsonAnswer {
  readonly status: number;
  readonly text: string;
  readonly json: unknown;
}

/** A JSON API at an address that a tenant configured. Every method throws ProviderError and nothing else. */
export class JsonSource {
  constructor(private readonly source: Source) {}

  async get(path: string, query: Query = []): Promise<unknown> {
    const search = new URLSearchParams(query.map(([key, value]): [string, string] => [key, value]));
    const address = `${this.address}${path}${search.size > 0 ? `?${search.toString()}` : ''}`;
    return (await this.send('GET', address)).json;
  }

  async post(path: string, body: object): Promise<unknown> {
    const headers = { 'content-type': 'application/json' };
    return (await this.send('POST', `${this.address}${path}`, headers, JSON.stringify(body))).json;
  }

  /** Without a trailing slash. */
  get address(): string {
    return this.source.url.replace(/\/+$/, '');
  }

  /** Every request goes through here, also those of client libraries, which build URL and headers themselves. */
  async send(
    method: string,
    address: string,
    headers: Readonly<Record<string, string>> = {},
    body?: string,
  ): Promise<JsonAnswer> {
    const { name } = this.source;
    const answer = await this.exchange(method, address, headers, body);
    const { status } = answer;
    const text = answer.body.toString('utf8');
    const json = parsed(text);
    if (status < 200 || status > 299)
      throw new ProviderError(`${name} answered ${status}${explanation(answer, json)}.`, {
        retryAfter: answer.headers['retry-after'],
        isRefusal: REFUSALS.has(status),
      });
    if (json === undefined) throw new ProviderError(`${name} did not answer in JSON.`);
    return { status, text, json };
  }

  private async exchange(
    method: string,
    url: string,
    headers: Readonly<Record<string, string>>,
    body?: string,
  ): Promise<OutboundAnswer> {
    const { name, headers: configured, http, signal, caCertificate, maxBytes = MAX_BYTES } = this.source;
    try {
      return await http.request({
        method,
        url,
        headers: { accept: 'application/json', 'user-agent': 'CauseFlow', ...headers, ...configured },
        ...(body !== undefined && { body }),
        maxResponseBytes: maxBytes,
        ...(signal && { signal }),
        ...(caCertificate !== undefined && { caCertificate }),
      });
    } catch (error) {
      if (error instanceof OutboundRefusedError) throw new ProviderError(error.message);
      if (error instanceof OutboundFailedError)
        throw new ProviderError(`The call to ${name} failed: ${error.reason}.`);
      throw error;
    }
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function explanation({ status, headers }: OutboundAnswer, json: unknown): string {
  if (status >= 300 && status <= 399) return '; redirects are not followed';
  if (status === 429 || headers['x-ratelimit-remaining'] === '0') return ': its limit of requests is used up';
  if (status === 401 || status === 403) return ': the credentials do not allow this';
  const { error, message } = objectOf(json);
  const reason = textOf(error) ?? textOf(objectOf(error)['reason']) ?? textOf(message);
  return reason === undefined ? '' : `: ${reason.slice(0, MAX_EXPLANATION)}`;
}
