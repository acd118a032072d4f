import { Matches } from 'class-validator';
import { Text } from '#kernel/http/fields';
import { WebAddress } from '../web-address.js';

export const DEFAULT_URL = 'https://slack.com/api';

export class SlackConfig {
  @Text({
    max: 64,
    summary: 'The id of the channel, which outlives its name: at the end of the channel’s details',
    example: 'C0123456789',
  })
  @Matches(/^[A-Z0-9]+$/, { message: 'channel must be the id of a channel, such as C0123456789' })
  channel!: string;

  @WebAddress({
    optional: true,
    default: DEFAULT_URL,
    summary: 'Of a server that is compatible with Slack’s Web API',
    example: DEFAULT_URL,
  })
  url?: string;
}

export class SlackCredentials {
  @Text({
    max: 400,
    format: 'password',
    summary: 'The bot token of your Slack app, with the scope chat:write',
    example: 'xoxb-…',
  })
  @Matches(/^xoxb-[\x21-\x7e]+$/, { message: 'botToken must begin with xoxb-' })
  botToken!: string;
}
