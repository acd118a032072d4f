import { applyDecorators } from '@nestjs/common';
import { Matches } from 'class-validator';
import { Text } from '#kernel/http/fields';

/** The base URL of an HTTP API, without user name, query or fragment. */
export function WebAddress(options: {
  summary: string;
  example: string;
  optional?: boolean;
  default?: string;
}): PropertyDecorator {
  return applyDecorators(
    Text({ max: 2000, format: 'uri', ...options }),
    Matches(/^https?:\/\/[^\s/@?#]+(?:\/[^\s?#]*)?$/i, {
      message: '$property must be an http or https address without a user name or query',
    }),
  );
}
