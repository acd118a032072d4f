import { applyDecorators } from '@nestjs/common';
import { Matches, ValidateBy } from 'class-validator';
import { Text } from './fields.js';

interface Options {
  readonly summary: string;
  readonly optional?: boolean;
}

/** The URL of a webhook. Whether its address may be called is checked at each call, because DNS can change. */
export function WebhookUrl(options: Options & { example: string }): PropertyDecorator {
  return applyDecorators(
    Text({ max: 2000, format: 'uri', ...options }),
    ValidateBy({
      name: 'webhookUrl',
      validator: {
        validate: isWebhookUrl,
        defaultMessage: () => '$property must be an http or https address without a user name',
      },
    }),
  );
}

function isWebhookUrl(value: unknown): boolean {
  if (typeof value !== 'string' || !/^https?:\/\/[^\s/]\S*$/i.test(value) || !URL.canParse(value))
    return false;
  const { username, password } = new URL(value);
  return username === '' && password === '';
}

const A_CHARACTER = '[A-Za-z0-9+/]';
/** `whsec_` and the base64 of 24 to 64 bytes, as Standard Webhooks 1.0.0 requires. */
const SIGNING_SECRET = new RegExp(
  `^whsec_(?:(?:${A_CHARACTER}{4}){8,20}(?:${A_CHARACTER}{2}==|${A_CHARACTER}{3}=)?` +
    `|(?:${A_CHARACTER}{4}){21}(?:${A_CHARACTER}{2}==)?)$`,
);

export function SigningSecret(options: Options): PropertyDecorator {
  return applyDecorators(
    Text({ max: 200, format: 'password', pattern: SIGNING_SECRET.source, ...options }),
    Matches(SIGNING_SECRET, { message: '$property must be whsec_ and the base64 of 24 to 64 bytes' }),
  );
}
