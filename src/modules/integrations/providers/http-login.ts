import { Matches } from 'class-validator';
import { Text } from '#kernel/http/fields';

/** No login, a bearer token, or a user name with a password. */
export class HttpLogin {
  @Text({ max: 4000, optional: true, format: 'password', summary: 'Sent as a bearer token', example: '…' })
  @Matches(/^[\x21-\x7e]+$/, { message: 'bearerToken must be printable ASCII' })
  bearerToken?: string;

  @Text({ max: 200, optional: true, summary: 'For basic authentication', example: 'causeflow' })
  username?: string;

  @Text({ max: 4000, optional: true, format: 'password', summary: 'For basic authentication', example: '…' })
  password?: string;
}

/** The Authorization header: bearer, else basic, else none. */
export function authorization({ bearerToken, username, password }: HttpLogin): Record<string, string> {
  if (bearerToken !== undefined) return { authorization: `Bearer ${bearerToken}` };
  if (username === undefined) return {};
  return { authorization: `Basic ${Buffer.from(`${username}:${password ?? ''}`).toString('base64')}` };
}
