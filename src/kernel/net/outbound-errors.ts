/** The address may not be called. Nothing was sent, and a retry fails too. */
export class OutboundRefusedError extends Error {
  override readonly name = 'OutboundRefusedError';
}

export class OutboundFailedError extends Error {
  override readonly name = 'OutboundFailedError';

  /**
   * @param reason part of a sentence; may be shown to the tenant
   * @param bytesSent whether the other side can have received any of the request: only after `none` is a retry certainly safe
   * @param status the status of the response, if it arrived
   */
  constructor(
    readonly reason: string,
    readonly bytesSent: 'none' | 'maybe',
    readonly status?: number,
  ) {
    super(`The call failed: ${reason}.`);
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'the connection was closed before the answer was complete',
  EPIPE: 'the connection was closed before the request was complete',
  ETIMEDOUT: 'the host did not answer',
  EHOSTUNREACH: 'the host cannot be reached',
  ENETUNREACH: 'the network of the host cannot be reached',
  ENOTFOUND: 'the host name is unknown',
  EAI_AGAIN: 'the host name could not be looked up right now',
  HPE_HEADER_OVERFLOW: 'the headers of the answer are too large',
  ERR_INVALID_CHAR: 'a header holds a character that may not be sent',
};

/** The reason without the addresses and internals in Node's messages. */
export function reasonOf(error: unknown): string {
  const { code = '', reason } = error as { code?: string; reason?: string };
  const known = REASONS[code];
  if (known !== undefined) return known;
  if (code.startsWith('HPE_')) return 'the answer is not valid HTTP';
  if (code === 'EPROTO' || /^ERR_(TLS|SSL)_/.test(code)) return `TLS error (${reason ?? code})`;
  // OpenSSL's codes for certificate errors.
  if (/CERT|SELF_SIGNED|ISSUER|CRL/.test(code))
    return `TLS error (${code.toLowerCase().replaceAll('_', ' ')})`;
  return code === '' ? 'the request could not be sent' : `network error ${code}`;
}
