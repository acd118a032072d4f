import { OutboundFailedError, OutboundRefusedError } from '#kernel/net/outbound-errors';
import { NoAnswer, type Outside } from './provider.js';

/** A sender waits for some of these, and few wait longer than 10 s. */
const TIMEOUT_MS = 5000;
const MAX_BYTES = 65_536;

/** What a small public address answers. @throws NoAnswer */
export async function bytesAt(url: string, { http }: Outside): Promise<Buffer> {
  const { host } = new URL(url);
  const call = { method: 'GET', url, timeoutMs: TIMEOUT_MS, maxResponseBytes: MAX_BYTES };
  const { status, body } = await http.request(call).catch((error: unknown) => {
    if (error instanceof OutboundRefusedError) throw new NoAnswer(error.message);
    if (error instanceof OutboundFailedError)
      throw new NoAnswer(`The call to ${host} failed: ${error.reason}.`);
    throw error;
  });
  if (status !== 200) throw new NoAnswer(`${host} answered ${status}.`);
  return body;
}
