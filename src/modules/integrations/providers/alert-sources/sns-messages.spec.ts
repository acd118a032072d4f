import { beforeAll, describe, expect, it } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { sign } from 'node:crypto';
import type { OutboundAnswer, OutboundCall } from '#kernel/net/exchange';
import { GuardedFetch } from '#kernel/net/guarded-fetch';
import { Refusal } from '#kernel/domain/errors';
import { ProviderError, type Outside } from '../provider.js';
import { cloudwatchSns } from './cloudwatch-sns.js';

const TOPIC = 'arn:aws:sns:eu-west-1:123456789012:alarms';
/** Later than the certificate that the tests make. */
const NOW = new Date(new Date().getTime() + 3_600_000);

/** Amazon's side: answers each call and remembers its address. */
function amazon(
  answer: (url: string) => { status?: number; body?: string },
  now = NOW,
): Outside & { called: string[] } {
  const called: string[] = [];
  const http = new GuardedFetch([]);
  http.request = ({ url }: OutboundCall): Promise<OutboundAnswer> => {
    called.push(url);
    const { status = 200, body = '' } = answer(url);
    return Promise.resolve({ status, headers: {}, body: Buffer.from(body) });
  };
  return { http, clock: { now: () => now }, called };
}

describe('the confirmation of a subscription', () => {
  const asked = (more: object = {}) => ({
    Type: 'SubscriptionConfirmation',
    MessageId: 'm-1',
    TopicArn: TOPIC,
    Token: '2336412f37fb687f5d51e6e2',
    SubscribeURL: 'http://169.254.169.254/latest/meta-data',
    ...more,
  });
  const urlOf = (body: object) => cloudwatchSns.webhooks?.confirmationUrl?.(body);

  it.each([
    [TOPIC, 'sns.eu-west-1.amazonaws.com'],
    ['arn:aws-cn:sns:cn-north-1:123456789012:alarms', 'sns.cn-north-1.amazonaws.com.cn'],
    ['arn:aws-us-gov:sns:us-gov-west-1:123456789012:a.fifo', 'sns.us-gov-west-1.amazonaws.com'],
  ])('of %s goes to %s, whatever URL the message contains', (topicArn, host) => {
    const url = new URL(urlOf(asked({ TopicArn: topicArn })) ?? '');
    expect([url.protocol, url.host, url.pathname, url.username]).toEqual(['https:', host, '/', '']);
    expect(Object.fromEntries(url.searchParams)).toEqual({
      Action: 'ConfirmSubscription',
      TopicArn: topicArn,
      Token: '2336412f37fb687f5d51e6e2',
    });
  });

  it.each([
    { TopicArn: 'arn:aws:sns:evil.example/#:1:t' }, { TopicArn: 'arn:aws:sns:eu-west-1.evil.example:1:t' }, { TopicArn: `${TOPIC}\n` },
    { TopicArn: 'arn:aws:sns:s3:1:t' }, { TopicArn: 'arn:aws:sns:s3-eu-west-1:1:t' }, { TopicArn: 'arn:aws:sns:-:1:t' },
    { TopicArn: 'arn:evil:sns:eu-west-1:1:t' }, { TopicArn: undefined }, { TopicArn: [TOPIC] }, { Token: '' }, { Token: 'a&Action=Publish' },
    { Token: 'x'.repeat(3000) },
  ])('is refused for %j', (more) => {
    expect(() => urlOf(asked(more))).toThrow(Refusal);
  }); // prettier-ignore

  it('has no URL for any other message', () => {
    for (const Type of ['Notification', 'UnsubscribeConfirmation', undefined, 7])
      expect(urlOf(asked({ Type }))).toBeUndefined();
  });
});

describe('the signature of SNS', () => {
  let key = '';
  let certificate = '';
  beforeAll(() => {
    const { stdout } = spawnSync('openssl', [
      'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=sns.amazonaws.com', '-keyout', '-', '-out', '-',
    ]); // prettier-ignore
    // Null, whatever its type says, when there is no such program.
    const pem = String(stdout);
    key = /-----BEGIN PRIVATE KEY-----[^]*-----END PRIVATE KEY-----/.exec(pem)?.[0] ?? '';
    certificate = /-----BEGIN CERTIFICATE-----[^]*/.exec(pem)?.[0] ?? '';
    if (certificate === '') process.stderr.write('\nSKIPPED: there is no openssl to make a certificate with.\n\n');
  }); // prettier-ignore

  let files = 0;
  const urlOf = () => `https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-${(files += 1)}.pem`;
  const message = (more: object = {}) => ({
    Type: 'Notification',
    MessageId: 'm-1',
    TopicArn: TOPIC,
    Subject: 'Hello',
    Message: 'Two\nlines',
    Timestamp: '2026-03-01T12:00:00.000Z',
    SignatureVersion: '2',
    SigningCertURL: urlOf(),
    ...more,
  });
  type Fields = Readonly<Record<string, string | undefined>>;
  const signed = (fields: Fields, names: readonly string[], by = key) => {
    const text = names.flatMap((name) => (fields[name] === undefined ? [] : [`${name}\n${fields[name]}\n`])).join('');
    const algorithm = fields['SignatureVersion'] === '1' ? 'RSA-SHA1' : 'RSA-SHA256';
    return { ...fields, Signature: sign(algorithm, Buffer.from(text), by).toString('base64') };
  }; // prettier-ignore
  const NOTIFICATION = ['Message', 'MessageId', 'Subject', 'Timestamp', 'TopicArn', 'Type'];
  const CONFIRMATION = ['Message', 'MessageId', 'SubscribeURL', 'Timestamp', 'Token', 'TopicArn', 'Type'];
  const verdict = (body: object | string, outside = amazon(() => ({ body: certificate })), topicArn?: string) => {
    const raw = Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
    const connection = { config: { topicArn: topicArn ?? TOPIC }, credentials: {} };
    return cloudwatchSns.webhooks?.verifyCertificate?.(connection, { headers: {}, raw }, outside);
  }; // prettier-ignore

  it('is valid for messages of SNS: both versions, with and without a subject', async () => {
    if (certificate === '') return;
    expect(await verdict(signed(message(), NOTIFICATION))).toBe(true);
    expect(await verdict(signed(message({ SignatureVersion: '1' }), NOTIFICATION))).toBe(true);
    expect(await verdict(signed(message({ Subject: undefined }), NOTIFICATION))).toBe(true);
    const Type = 'SubscriptionConfirmation';
    expect(
      await verdict(signed(message({ Type, SubscribeURL: 'https://x', Token: 't' }), CONFIRMATION)),
    ).toBe(true);
  });

  it('is invalid for anything else', async () => {
    if (certificate === '') return;
    const good = signed(message(), NOTIFICATION);
    for (const forged of [
      { ...good, Message: 'Three\nlines' },
      { ...good, Subject: 'Bye' },
      { ...good, Signature: '' },
      { ...good, Signature: undefined },
      { ...good, SignatureVersion: '1' },
      { ...good, SignatureVersion: 'toString' },
      { ...good, Type: 'SubscriptionConfirmation' },
      signed(message({ TopicArn: `${TOPIC}2` }), NOTIFICATION),
      {},
      'no JSON',
      'null',
    ])
      expect(await verdict(forged)).toBe(false);
    expect(await verdict(good, undefined, `${TOPIC}2`)).toBe(false);
  });

  it.each([
    'https://sns.eu-west-1.amazonaws.com.evil.example/SimpleNotificationService-1.pem',
    'https://sns.us-east-1.amazonaws.com/SimpleNotificationService-1.pem',
    'http://sns.eu-west-1.amazonaws.com/SimpleNotificationService-1.pem',
    'https://sns.eu-west-1.amazonaws.com@evil.example/SimpleNotificationService-1.pem',
    'https://sns.eu-west-1.amazonaws.com/?Action=Publish&x=SimpleNotificationService-1.pem',
    'https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-1.pem?x',
    'http://169.254.169.254/latest',
    '',
  ])('is invalid with a certificate at %s, which is not fetched', async (SigningCertURL) => {
    const outside = amazon(() => ({ body: certificate }));
    expect(await verdict({ ...message({ SigningCertURL }), Signature: 'AAAA' }, outside)).toBe(false);
    expect(outside.called).toEqual([]);
  });

  it('fetches a certificate once', async () => {
    if (certificate === '') return;
    const outside = amazon(() => ({ body: certificate }));
    const SigningCertURL = urlOf();
    const good = signed(message({ SigningCertURL }), NOTIFICATION);
    for (let n = 0; n < 3; n += 1) expect(await verdict(good, outside)).toBe(true);
    expect(outside.called).toEqual([SigningCertURL]);
  });

  it('is invalid once the certificate has expired', async () => {
    if (certificate === '') return;
    const good = signed(message(), NOTIFICATION);
    const later = amazon(() => ({ body: certificate }), new Date(NOW.getTime() + 3 * 86_400_000));
    expect(await verdict(good, later)).toBe(false);
  });

  it.each([[{ status: 503 }], [{ body: 'no certificate' }]])('cannot be verified when the certificate response is %j', async (answer) => {
    const odd = { ...message(), Signature: 'AAAA' };
    await expect(verdict(odd, amazon(() => answer))).rejects.toBeInstanceOf(ProviderError);
  }); // prettier-ignore

  it('is not required while no topic is configured', async () => {
    const delivery = { headers: {}, raw: Buffer.from('{}') };
    const outside = amazon(() => ({}));
    const verdict = cloudwatchSns.webhooks?.verifyCertificate?.({ config: {}, credentials: {} }, delivery, outside);
    await expect(verdict).resolves.toBeUndefined();
  }); // prettier-ignore
});
