import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

const SIGNATURE = /^(?:sha256=)?([0-9a-f]{64})$/i;

export const API_KEY_PREFIX = 'cflo_';

export function newApiKey(): string {
  return API_KEY_PREFIX + randomBytes(32).toString('hex');
}

export function newWebhookSecret(): string {
  return randomBytes(32).toString('hex');
}

/** In the format of Standard Webhooks. */
export function newSigningSecret(): string {
  return `whsec_${randomBytes(32).toString('base64')}`;
}

/** For tokens that are shown once and looked up by their hash: refresh tokens, tickets, ingest tokens. */
export function newOpaqueToken(): string {
  return randomBytes(32).toString('base64url');
}

export function sha256Hex(value: string | Buffer): string {
  return createHash('sha256').update(value).digest('hex');
}

/** Compares digests, so that the time does not depend on the lengths either. */
export function constantTimeEquals(a: string, b: string): boolean {
  const digest = (value: string) => createHash('sha256').update(value).digest();
  return timingSafeEqual(digest(a), digest(b));
}

/** An empty secret never verifies: otherwise anyone could sign for a key without a secret. */
export function verifyHexHmacSha256(secret: string, rawBody: Buffer, header: string | undefined): boolean {
  const signature = SIGNATURE.exec(header?.trim() ?? '')?.[1];
  if (signature === undefined || secret === '') return false;
  const expected = createHmac('sha256', secret).update(rawBody).digest();
  return timingSafeEqual(expected, Buffer.from(signature, 'hex'));
}
