import { Matches, ValidateBy } from 'class-validator';
import { isId } from '#kernel/domain/ids';
import { Text, TextsByName } from '#kernel/http/fields';
import { WebAddress } from '../web-address.js';

export const DEFAULT_URL = 'https://slack.com/api';

const PERSON = /^[UW][A-Z0-9]{1,63}$/;
const MAX_APPROVERS = 200;

export class SlackConfig {
  @Text({
    max: 64,
    summary: 'The id of the channel, which outlives its name: at the end of the channel’s details',
    example: 'C0123456789',
  })
  @Matches(/^[A-Z0-9]+$/, { message: 'channel must be the id of a channel, such as C0123456789' })
  channel!: string;

  @TextsByName({
    optional: true,
    summary:
      'Who may approve by buttons: the Slack member id of each, and the id of the user in CauseFlow, an admin',
    example: { U0123456789: 'user_01HX9VTPQR3KF8MZWBYD5N6JCE' },
  })
  @ValidateBy({
    name: 'approvers',
    validator: {
      validate: areApprovers,
      defaultMessage: () => 'approvers must be ids of users by member ids of Slack, 200 at most',
    },
  })
  approvers?: Readonly<Record<string, string>>;

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

  @Text({
    min: 16,
    max: 400,
    optional: true,
    format: 'password',
    summary: 'The signing secret of your Slack app. Without it there are no buttons',
    example: '…',
  })
  signingSecret?: string;
}

function areApprovers(value: unknown): boolean {
  const approvers = Object.entries(value ?? {});
  return (
    approvers.length <= MAX_APPROVERS &&
    approvers.every(([person, user]) => PERSON.test(person) && isId('user', user))
  );
}
