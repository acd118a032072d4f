import { randomBytes } from 'node:crypto';
import { newId } from '../../dist/kernel/domain/ids.js';

export async function call(url, method, path, { token, body } = {}) {
  const answer = await fetch(url + path, {
    method,
    headers: {
      ...(token && { authorization: `Bearer ${token}` }),
      ...(body && { 'content-type': 'application/json' }),
    },
    ...(body && { body: JSON.stringify(body) }),
  });
  const json = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error(`${method} ${path} answered ${answer.status} ${JSON.stringify(json)}`);
  return json;
}

/**
 * New tenants of the product, each with an admin's token and a key that sends alerts and reads streams: for longer than
 * the hour for which the token is good.
 */
export async function registerSenders(url, count) {
  const senders = [];
  for (let at = 0; at < count; at += 1) {
    const { accessToken, tenant } = await call(url, 'POST', '/v1/auth/register', {
      body: {
        email: `bench-${randomBytes(6).toString('hex')}@example.com`,
        password: randomBytes(12).toString('hex'),
        tenantName: 'Bench',
      },
    });
    const { plaintextKey, webhookSecret } = await call(url, 'POST', '/v1/api-keys', {
      token: accessToken,
      body: { name: 'bench', scopes: ['webhooks:write', 'events:read'] },
    });
    senders.push({
      tenantId: tenant.tenantId,
      token: accessToken,
      key: plaintextKey,
      secret: webhookSecret,
    });
  }
  return senders;
}

/** The people of tenants that are there: `people` are their addresses and passwords. */
export async function signIn(url, people) {
  const answers = await Promise.all(people.map((body) => call(url, 'POST', '/v1/auth/login', { body })));
  return answers.map(({ accessToken, tenant }) => ({ tenantId: tenant.tenantId, token: accessToken }));
}

/** The same for a peer, which is told about them when it starts. */
export function makeSenders(count) {
  return Array.from({ length: count }, () => ({
    tenantId: newId('ten'),
    key: `cflo_${randomBytes(32).toString('hex')}`,
    secret: randomBytes(32).toString('hex'),
  }));
}
