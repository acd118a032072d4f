interface HttpLogin {
  readonly bearerToken?: string;
  readonly username?: string;
  readonly password?: string;
}

/** The header of a bearer token, else of a user name with its password, else none. */
export function authorization({ bearerToken, username, password }: HttpLogin): Record<string, string> {
  if (bearerToken !== undefined) return { authorization: `Bearer ${bearerToken}` };
  if (username === undefined) return {};
  return { authorization: `Basic ${Buffer.from(`${username}:${password ?? ''}`).toString('base64')}` };
}
