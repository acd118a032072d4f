import { createHmac } from 'node:crypto';

export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly body: { readonly error?: string; readonly message?: string },
  ) {
    super(`${status} ${body.error ?? ''}: ${body.message ?? ''}`);
  }
}

/** An API key and its signing secret. */
export interface Sender {
  readonly tenantId: string;
  readonly key: string;
  readonly secret: string;
}

/** Calls the public API like any other client. */
export class ApiClient {
  constructor(
    readonly url: string,
    readonly token = '',
  ) {}

  get<T>(path: string): Promise<T> {
    return this.call<T>('GET', path);
  }

  post<T>(path: string, body: unknown = {}, headers: Readonly<Record<string, string>> = {}): Promise<T> {
    return this.call<T>('POST', path, typeof body === 'string' ? body : JSON.stringify(body), headers);
  }

  /** Sends a signed alert to the custom webhook. */
  sendAlert(
    { tenantId, key, secret }: Sender,
    body: string,
  ): Promise<{ incidentId: string; status: string }> {
    const signature = createHmac('sha256', secret).update(body).digest('hex');
    const headers = { 'x-api-key': key, 'x-webhook-signature': signature };
    return this.post(`/v1/webhooks/${tenantId}/custom`, body, headers);
  }

  private async call<T>(
    method: string,
    path: string,
    body?: string,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<T> {
    const response = await fetch(this.url + path, {
      method,
      headers: {
        ...(this.token && { authorization: `Bearer ${this.token}` }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body !== undefined && { body }),
      signal: AbortSignal.timeout(30_000),
    }).catch((error: unknown) => {
      const { message, cause } = error as Error & { readonly cause?: { readonly code?: string } };
      throw new Error(`${this.url} does not answer (${cause?.code ?? message}): is it running?`);
    });
    const text = await response.text();
    const answer = (text === '' ? {} : JSON.parse(text)) as T;
    if (!response.ok) throw new ApiError(response.status, answer as { error?: string; message?: string });
    return answer;
  }
}
