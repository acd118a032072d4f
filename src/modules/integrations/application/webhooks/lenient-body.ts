import { Refusal } from '#kernel/domain/errors';
import { compressed } from '#kernel/http/request-body';
import type { Delivery } from '../../api.js';
import { jsonIn } from '../../providers/read-json.js';

const BYTE_ORDER_MARK = /^\uFEFF/;
const FORM = 'application/x-www-form-urlencoded';
/** What libraries call any body whose type nobody set. */
const UNSET_TYPES: readonly string[] = [FORM, 'text/plain', 'text/json', 'application/octet-stream'];
const JSON_TEXT = /^\s*[{[]/;

/**
 * Parses leniently, since the sender cannot be corrected: invalid UTF-8 becomes U+FFFD, a byte order mark is dropped, and JSON is
 * recognized where it is called a form, as `curl -d` and Kibana do, and in the only field of a form, `payload`, as GitHub and Slack
 * send it.
 * @param mediaTypes accepted besides JSON
 * @throws Refusal `unsupported_media_type`, `validation_error`
 */
export function lenientBody({ headers, raw }: Delivery, mediaTypes: readonly string[]): object {
  const type = headers['content-type'];
  const media =
    typeof type === 'string' ? (type.split(';')[0] ?? '').trim().toLowerCase() : 'application/json';
  const text = raw.toString('utf8').replace(BYTE_ORDER_MARK, '');
  const isJson =
    media === 'application/json' ||
    media.endsWith('+json') ||
    (UNSET_TYPES.includes(media) && JSON_TEXT.test(text));
  if (!isJson && !mediaTypes.includes(media))
    throw new Refusal('unsupported_media_type', 'Send the body as application/json.');
  const body: unknown = !isJson && media === FORM ? ofForm(new URLSearchParams(text)) : parsed(text, headers);
  if (typeof body === 'object' && body !== null) return body;
  throw new Refusal('validation_error', 'The body must be a JSON object.');
}

function ofForm(fields: URLSearchParams): object {
  const form = Object.fromEntries(fields);
  const payload = fields.size === 1 ? fields.get('payload') : null;
  return (payload !== null && jsonIn(payload)) || form;
}

function parsed(text: string, headers: Delivery['headers']): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw compressed(headers) ?? new Refusal('validation_error', 'The body is not valid JSON.');
  }
}
