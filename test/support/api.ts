import { createHmac, randomBytes } from 'node:crypto';

export interface Answer<B = Record<string, unknown>> {
  readonly status: number;
  readonly headers: Headers;
  readonly body: B;
}

interface CallOptions {
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A client of the API: sends a method, a path and a JSON body, and returns the whole response. */
export class Api {
  constructor(
    readonly url: string,
    readonly token?: string,
  ) {}

  get<B = Record<string, unknown>>(path: string, options?: CallOptions): Promise<Answer<B>> {
    return this.call<B>('GET', path, options);
  }
  post<B = Record<string, unknown>>(path: string, body?: unknown, options?: CallOptions): Promise<Answer<B>> {
    return this.call<B>('POST', path, { body, ...options });
  }
  patch<B = Record<string, unknown>>(
    path: string,
    body?: unknown,
    options?: CallOptions,
  ): Promise<Answer<B>> {
    return this.call<B>('PATCH', path, { body, ...options });
  }
  delete<B = Record<string, unknown>>(path: string, options?: CallOptions): Promise<Answer<B>> {
    return this.call<B>('DELETE', path, options);
  }

  /** Reads a list page by page. @throws Error when a page is refused */
  async *pages<T>(path: string): AsyncGenerator<readonly T[]> {
    let cursor: string | null = '';
    while (cursor !== null) {
      const query: string = cursor && `${path.includes('?') ? '&' : '?'}cursor=${encodeURIComponent(cursor)}`;
      const { status, body }: Answer<{ items: readonly T[]; nextCursor: string | null }> = await this.get(
        path + query,
      );
      if (status !== 200) throw new Error(`GET ${path + query}: ${status} ${JSON.stringify(body)}`);
      yield body.items;
      cursor = body.nextCursor;
    }
  }

  /** All items of a list, from all its pages. */
  async all<T>(path: string): Promise<T[]> {
    const items: T[] = [];
    for await (const page of this.pages<T>(path)) items.push(...page);
    return items;
  }

  async call<B>(method: string, path: string, { body, headers = {} }: CallOptions = {}): Promise<Answer<B>> {
    const isRaw = typeof body === 'string' || Buffer.isBuffer(body);
    const response = await fetch(this.url + path, {
      method,
      headers: {
        ...(this.token && { authorization: `Bearer ${this.token}` }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body !== undefined && { body: isRaw ? (body as string) : JSON.stringify(body) }),
    });
    const text = await response.text();
    const isJson = /json/.test(response.headers.get('content-type') ?? '');
    return {
      status: response.status,
      headers: response.headers,
      body: (isJson ? JSON.parse(text) : text) as B,
    };
  }
}

export interface TenantUser {
  readonly api: Api;
  readonly tenantId: string;
  readonly userId: string;
  readonly email: string;
  readonly password: string;
}

/** A new tenant with its first admin. Tests share servers and never tenants. */
export async function newTenant(url: string, overrides: Record<string, unknown> = {}): Promise<TenantUser> {
  const email = `admin-${randomBytes(6).toString('hex')}@example.com`;
  const password = randomBytes(12).toString('hex');
  const answer = await new Api(url).post<{
    accessToken: string;
    tenant: { tenantId: string };
    user: { userId: string };
  }>('/v1/auth/register', { email, password, tenantName: 'Acme Corp', ...overrides });
  if (answer.status !== 201)
    throw new Error(`register answered ${answer.status}: ${JSON.stringify(answer.body)}`);
  const { accessToken, tenant, user } = answer.body;
  return { api: new Api(url, accessToken), tenantId: tenant.tenantId, userId: user.userId, email, password };
}

export interface MadeKey {
  readonly keyId: string;
  readonly plaintextKey: string;
  readonly webhookSecret: string;
  readonly scopes: readonly string[];
}

/** A new API key of the tenant. @param body beside its name, or instead of it */
export async function newKey({ api }: Pick<TenantUser, 'api'>, body: object = {}): Promise<MadeKey> {
  const answer = await api.post<MadeKey>('/v1/api-keys', { name: 'a program', ...body });
  if (answer.status !== 201)
    throw new Error(`api-keys answered ${answer.status}: ${JSON.stringify(answer.body)}`);
  return answer.body;
}

/** A client with an API key of the tenant that has only these scopes. */
export async function programOf(tenant: Pick<TenantUser, 'api'>, ...scopes: string[]): Promise<Api> {
  return new Api(tenant.api.url, (await newKey(tenant, { scopes })).plaintextKey);
}

/** A sender of alerts: an API key, its secret, and the signature over the bytes. */
export class AlertSender {
  private constructor(
    private readonly url: string,
    readonly tenantId: string,
    readonly key: string,
    readonly secret: string,
  ) {}

  static async of(tenant: TenantUser): Promise<AlertSender> {
    return AlertSender.with(tenant, await newKey(tenant));
  }

  static with({ api, tenantId }: TenantUser, { plaintextKey, webhookSecret }: MadeKey): AlertSender {
    return new AlertSender(api.url, tenantId, plaintextKey, webhookSecret);
  }

  /** The same sender, for another server. */
  on(url: string): AlertSender {
    return new AlertSender(url, this.tenantId, this.key, this.secret);
  }

  /** @param alert an object, or the exact bytes to sign and send */
  send(
    alert: object | string,
    headers: Record<string, string> = {},
  ): Promise<Answer<Record<string, string>>> {
    const body = typeof alert === 'string' || Buffer.isBuffer(alert) ? alert : JSON.stringify(alert);
    return new Api(this.url).post(`/v1/webhooks/${this.tenantId}/custom`, body, {
      headers: { 'x-api-key': this.key, 'x-webhook-signature': this.sign(body), ...headers },
    });
  }

  sign(body: string | Buffer): string {
    return createHmac('sha256', this.secret).update(body).digest('hex');
  }
}
