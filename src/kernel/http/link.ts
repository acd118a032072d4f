import { applyDecorators } from '@nestjs/common';
import { IsUrl } from 'class-validator';
import { Text } from './fields.js';

/** Also on an intranet, whose hosts have no top-level domain. */
const WEB_ADDRESS = {
  protocols: ['http', 'https'],
  require_protocol: true,
  require_tld: false,
  allow_underscores: true,
};

/** A link that people are shown: a page opens it, so it must not be a script. */
export function Link(options: Omit<Parameters<typeof Text>[0], 'max' | 'format'>): PropertyDecorator {
  return applyDecorators(
    Text({ max: 2000, format: 'uri', ...options }),
    IsUrl(WEB_ADDRESS, { message: '$property must be an http or https address' }),
  );
}

/** For links that cannot be refused. Paths and repositories (`git@host:path`) are no scripts either. */
export function isScript(link: string): boolean {
  return URL.canParse(link) && !/^(?:https?|ssh|git):$/.test(new URL(link).protocol);
}
