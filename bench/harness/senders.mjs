import { randomBytes } from 'node:crypto';
import { newId } from '../../dist/kernel/domain/ids.js';

/** Calls the API. @returns the body; throws unless the status is a success */
export async function callApi(url, method, path, { token, body } = {}) {
  const response = await fetch(url + path, {
    method,
    headers: {
      ...(token && { authorization: `Bearer ${token}` }),
      ...(body && { 'content-type': 'application/json' }),
    },
    ...(body && { body: JSON.stringify(body) }),
  });
  const json = await response.json().catch(() => ({}));
  if (!response.ok) throw new Error(`${method} ${path}: status ${response.status} ${JSON.stringify(json)}`);
  return json;
}

/**
 * Registers tenants of the product, each with an admin's token and a key that sends alerts and reads streams. The token
 * expires after an hour; the key does not.
 */
export async function registerSenders(url, count) {
  const senders = [];
  for (let i = 0; i < count; i += 1) {
    const { accessToken, tenant } = await callApi(url, 'POST', '/v1/auth/register', {
      body: {
        email: `bench-${randomBytes(6).toString('hex')}@example.com`,
        password: randomBytes(12).toString('hex'),
        tenantName: 'Bench',
      },
    });
    const { plaintextKey, webhookSecret } = await callApi(url, 'POST', '/v1/api-keys', {
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

/** Signs in users of existing tenants. @param people their email addresses and passwords */
export async function signIn(url, people) {
  const sessions = await Promise.all(people.map((body) => callApi(url, 'POST', '/v1/auth/login', { body })));
  return sessions.map(({ accessToken, tenant }) => ({ tenantId: tenant.tenantId, token: accessToken }));
}

/** Senders that are not registered: for a peer, which gets them when it starts, or to insert into a database. */
export function makeSenders(count) {
  return Array.from({ length: count }, () => ({
    tenantId: newId('ten'),
    key: `cflo_${randomBytes(32).toString('hex')}`,
    secret: randomBytes(32).toString('hex'),
  }));
}
