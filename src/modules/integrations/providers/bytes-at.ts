import { OutboundFailedError, OutboundRefusedError } from '#kernel/net/outbound-errors';
import { ProviderError, type Outside } from './provider.js';

/** A webhook sender may be waiting, and few wait longer than 10 s. */
const TIMEOUT_MS = 5000;
const MAX_BYTES = 65_536;

/** GETs a small public resource. @throws ProviderError */
export async function bytesAt(url: string, { http }: Outside): Promise<Buffer> {
  const { host } = new URL(url);
  const call = { method: 'GET', url, timeoutMs: TIMEOUT_MS, maxResponseBytes: MAX_BYTES };
  const { status, body } = await http.request(call).catch((error: unknown) => {
    if (error instanceof OutboundRefusedError) throw new ProviderError(error.message);
    if (error instanceof OutboundFailedError)
      throw new ProviderError(`The call to ${host} failed: ${error.reason}.`);
    throw error;
  });
  if (status !== 200) throw new ProviderError(`${host} answered ${status}.`);
  return body;
}
