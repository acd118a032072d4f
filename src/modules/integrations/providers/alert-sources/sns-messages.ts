import { verify, X509Certificate } from 'node:crypto';
import { invalid } from '#kernel/domain/errors';
import { bytesAt } from '../bytes-at.js';
import { ProviderError, type Outside } from '../provider.js';
import { jsonIn } from '../read-json.js';
import { textsOf } from './normalize.js';

/** `sns.<region>` is a host of Amazon SNS only for a region: `sns.s3` is the bucket of anyone. */
export const TOPIC_ARN =
  /^arn:(aws|aws-cn|aws-us-gov):sns:([a-z]{2,9}(?:-[a-z]{1,20}){1,3}-\d{1,2}):\d{1,20}:[\w.-]{1,300}$/;
const TOKEN = /^[\w-]{1,2000}$/;

/** The string to sign: each name and value on a line of its own, in this order. */
const SIGNED_FIELDS = {
  Notification: ['Message', 'MessageId', 'Subject', 'Timestamp', 'TopicArn', 'Type'],
  Confirmation: ['Message', 'MessageId', 'SubscribeURL', 'Timestamp', 'Token', 'TopicArn', 'Type'],
};
const ALGORITHMS: Readonly<Record<string, string>> = { 1: 'RSA-SHA1', 2: 'RSA-SHA256' };

/**
 * The URL that confirms a subscription. It is built from topic and token, so it always belongs to Amazon; `SubscribeURL` of the
 * message does the same, but could be any address.
 * @throws Refusal `validation_error`
 */
export function confirmationUrl(body: unknown): string | undefined {
  const { Type: type, TopicArn: topicArn = '', Token: token = '' } = textsOf(body);
  if (type !== 'SubscriptionConfirmation') return undefined;
  if (!TOPIC_ARN.test(topicArn)) throw invalid('TopicArn', 'must be the ARN of a topic');
  if (!TOKEN.test(token)) throw invalid('Token', 'must be the token of a subscription');
  const query = new URLSearchParams({ Action: 'ConfirmSubscription', TopicArn: topicArn, Token: token });
  return `https://${hostOf(topicArn)}/?${query.toString()}`;
}

/** Whether Amazon SNS signed this message, for this topic. @throws ProviderError when the certificate cannot be fetched */
export async function isSignedBySns(raw: Buffer, topicArn: string, outside: Outside): Promise<boolean> {
  const message = textsOf(jsonIn(raw.toString('utf8')));
  const { Type: type, SigningCertURL: url = '', SignatureVersion: version = '', Signature: signature = '' } = message;
  const algorithm = Object.hasOwn(ALGORITHMS, version) ? ALGORITHMS[version] : undefined;
  const file = /^\/SimpleNotificationService-\w{1,100}\.pem$/;
  const home = `https://${hostOf(topicArn)}`;
  if (message['TopicArn'] !== topicArn || algorithm === undefined) return false;
  if (!url.startsWith(home) || !file.test(url.slice(home.length))) return false;
  const names = type === 'Notification' ? SIGNED_FIELDS.Notification : SIGNED_FIELDS.Confirmation;
  const signed = names.flatMap((name) => (message[name] === undefined ? [] : [`${name}\n${message[name]}\n`]));
  const certificate = await certificateAt(url, outside);
  const now = outside.clock.now();
  if (now < new Date(certificate.validFrom) || now > new Date(certificate.validTo)) return false;
  return verify(algorithm, Buffer.from(signed.join('')), certificate.publicKey, Buffer.from(signature, 'base64'));
} // prettier-ignore

/** SNS has one certificate per region and rotates it. */
const MAX_CERTIFICATES = 100;
const certificates = new Map<string, X509Certificate>();

async function certificateAt(url: string, outside: Outside): Promise<X509Certificate> {
  const known = certificates.get(url);
  if (known) return known;
  const pem = await bytesAt(url, outside);
  const certificate = read(pem);
  if (certificates.size >= MAX_CERTIFICATES) certificates.clear();
  certificates.set(url, certificate);
  return certificate;
}

function read(pem: Buffer): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch {
    throw new ProviderError('Amazon SNS did not answer with a certificate.');
  }
}

/** Of an ARN that was checked against `TOPIC_ARN`. */
function hostOf(topicArn: string): string {
  const [, partition, region] = TOPIC_ARN.exec(topicArn) ?? [];
  return `sns.${region}.amazonaws.com${partition === 'aws-cn' ? '.cn' : ''}`;
}
