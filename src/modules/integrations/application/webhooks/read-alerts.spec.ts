import { describe, expect, it } from '@jest/globals';
import { GuardedFetch } from '#kernel/net/guarded-fetch';
import type { TenantId } from '#kernel/domain/ids';
import type { Integration } from '../../domain/integration.js';
import type { IngestEndpoints } from './ingest-endpoints.js';
import type { ConfirmSubscription } from './confirm-subscription.js';
import type { Connections } from '../connections/connections.js';
import { ReadAlerts } from './read-alerts.js';

const TOPIC = 'arn:aws:sns:eu-west-1:123456789012:alarms';
const endpoint = { tenantId: 'ten_1' as TenantId, provider: 'cloudwatch_sns', integrationId: 'int_1' };
const NO_WAY_OUT = new GuardedFetch([], (_, done) => {
  done(null, [{ address: '10.0.0.1', family: 4 }]);
});

function readerOf(config: object): ReadAlerts {
  const integration = { integrationId: 'int_1', provider: 'cloudwatch_sns', config } as Integration;
  const endpoints = {
    integrationsBehind: () => Promise.resolve([integration]),
  } as unknown as IngestEndpoints;
  const connections = { of: () => ({ connection: { config, credentials: {} } }) } as unknown as Connections;
  const clock = { now: () => new Date() };
  return new ReadAlerts(
    endpoints,
    connections,
    {} as ConfirmSubscription,
    { http: NO_WAY_OUT, clock },
    clock,
  );
}

const delivered = (body: object) => ({
  headers: { 'content-type': 'text/plain; charset=UTF-8' },
  raw: Buffer.from(JSON.stringify(body)),
});

describe('a sender whose certificate must be fetched', () => {
  const signed = {
    Type: 'Notification',
    TopicArn: TOPIC,
    Signature: 'AAAA',
    SignatureVersion: '2',
    SigningCertURL: 'https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-never.pem',
  };

  it('gets a 503 when that fails, and a 401 without a signature', async () => {
    const reader = readerOf({ topicArn: TOPIC });
    await expect(reader.verify(endpoint, delivered(signed))).rejects.toMatchObject({
      code: 'service_unavailable',
      retryAfter: 30,
    });
    await expect(reader.verify(endpoint, delivered({}))).rejects.toMatchObject({ code: 'invalid_signature' });
  });

  it('needs none while no topic is configured', async () => {
    await expect(readerOf({}).verify(endpoint, delivered(signed))).resolves.toBeUndefined();
  });
});
