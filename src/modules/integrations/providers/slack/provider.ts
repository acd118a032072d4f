import { JsonSource } from '../json-source.js';
import { type Connection, type Outside, ProviderError, type Provider } from '../provider.js';
import { objectOf, textOf } from '../read-json.js';
import { signedInHex } from '../alert-sources/signatures.js';
import { contentOf, escaped } from './blocks.js';
import { DEFAULT_URL, SlackConfig, SlackCredentials } from './config.js';
import { decisionIn } from './decision.js';

/** More than any answer to a message. */
const MAX_BYTES = 1024 * 1024;
/** As Slack recommends. */
const MAX_AGE_SECONDS = 300;

/** Codes that are about the connection, not about the one message: every other would be refused, too. */
const CONNECTION_FAULTS: ReadonlySet<string> = new Set([
  'access_denied',
  'account_inactive',
  'channel_not_found',
  'ekm_access_denied',
  'invalid_auth',
  'is_archived',
  'missing_scope',
  'no_permission',
  'not_authed',
  'not_in_channel',
  'rate_limited',
  'ratelimited',
  'request_timeout',
  'restricted_action',
  'restricted_action_read_only_channel',
  'service_unavailable',
  'team_access_not_granted',
  'token_expired',
  'token_revoked',
]);
/** Codes of a thread that is gone, or takes no replies. */
const THREAD_FAULTS: ReadonlySet<string> = new Set([
  'cannot_reply_to_message',
  'message_not_found',
  'restricted_action_non_threadable_channel',
  'restricted_action_thread_locked',
  'thread_not_found',
]);
/** A `ts`, of a compatible server too. */
const TS = /^[\w.:-]{1,100}$/;

type Answer = Readonly<Record<string, unknown>>;

export const slack: Provider<SlackConfig, SlackCredentials> = {
  provider: 'slack',
  displayName: 'Slack',
  category: 'chat',
  capabilities: ['messages'],
  authType: 'token',
  config: SlackConfig,
  credentials: SlackCredentials,
  setupGuide: [
    '1. At https://api.slack.com/apps: Create New App, From scratch. OAuth & Permissions, Bot Token Scopes: `chat:write`. To have',
    '   the channel checked, too, when it is connected: `channels:read`, and `groups:read` for private channels.',
    '2. Install to Workspace. The Bot User OAuth Token (`xoxb-…`) is `botToken`.',
    '3. In Slack, invite the app to the channel: `/invite @name-of-the-app`. The id of the channel, at the end of its details, is',
    '   `channel`.',
    '4. Create a trigger with the action `notify` and `{"integrationId":"int_…"}` as its `actionConfig`.',
    '',
    'To approve plans by buttons, also:',
    '',
    '5. Basic Information, Signing Secret: this is `signingSecret`. `approvers` says which member of Slack (profile, Copy member ID) is',
    '   which admin here.',
    '6. Interactivity & Shortcuts, on: the Request URL is the `ingestUrl` of the connect response. A Slack app has one Request URL, so use',
    '   one app for each channel with buttons.',
  ].join('\n'),

  async probe(connection, outside) {
    const { config, credentials } = connection;
    if (config.approvers && credentials.signingSecret === undefined)
      throw new ProviderError('To let approvers use buttons, give the signingSecret, too.');
    const source = sourceOf(connection, outside);
    accepted(await source.post('/auth.test', {}));
    const answer = objectOf(await source.get('/conversations.info', [['channel', config.channel]]));
    // Sending needs no scope to read channels.
    if (answer['error'] === 'missing_scope') return;
    const { is_archived: isArchived, is_member: isMember } = objectOf(accepted(answer)['channel']);
    if (isArchived === true) throw new ProviderError('The channel is archived.');
    if (isMember === false) throw new ProviderError('The app is not in the channel; invite it.');
  },

  messages: {
    installationOf: ({ config, credentials }) => `${config.url ?? DEFAULT_URL} ${credentials.botToken}`,

    async send(connection, message, thread, outside, signal) {
      const { channel, approvers } = connection.config;
      const body = { channel, ...contentOf(message, approvers !== undefined) };
      const source = sourceOf(connection, outside, signal);
      const answer = await posted(source, body, thread, message.isForEverybody);
      return threadIn(answer, thread);
    },
  },

  webhooks: {
    mediaTypes: ['application/x-www-form-urlencoded'],
    verify: ({ credentials: { signingSecret = '' } }, delivery, now) => {
      const sentAt = String(delivery.headers['x-slack-request-timestamp']);
      const age = now.getTime() / 1000 - (/^\d{1,12}$/.test(sentAt) ? Number(sentAt) : NaN);
      const signature = { header: 'x-slack-signature', prefix: 'v0=', before: `v0:${sentAt}:` };
      return Math.abs(age) <= MAX_AGE_SECONDS && signedInHex(signingSecret, delivery, signature);
    },
    notices: () => [],
  },

  decisions: {
    read: decisionIn,
    userOf: ({ approvers = {} }, person) =>
      Object.hasOwn(approvers, person) ? approvers[person] : undefined,

    async reply(connection, { person, channel, message }, { counted, text }, outside, signal) {
      const source = sourceOf(connection, outside, signal);
      if (counted) await posted(source, { channel, text: `<@${person}> ${escaped(text)}` }, message);
      else accepted(await source.post('/chat.postEphemeral', { channel, user: person, text: escaped(text) }));
    },
  },
};

function sourceOf(
  { config, credentials }: Connection<SlackConfig, SlackCredentials>,
  { http }: Outside,
  signal?: AbortSignal,
): JsonSource {
  const headers = { authorization: `Bearer ${credentials.botToken}` };
  const url = config.url ?? DEFAULT_URL;
  return new JsonSource({ name: 'Slack', url, headers, http, signal, maxBytes: MAX_BYTES });
}

/** Posts a reply, or a message of its own if the thread is gone. */
async function posted(
  source: JsonSource,
  body: object,
  thread?: string,
  isForEverybody = false,
): Promise<Answer> {
  if (thread !== undefined) {
    const reply = { ...body, thread_ts: thread, ...(isForEverybody && { reply_broadcast: true }) };
    const answer = objectOf(await source.post('/chat.postMessage', reply));
    if (!THREAD_FAULTS.has(textOf(answer['error']) ?? '')) return accepted(answer);
  }
  return accepted(await source.post('/chat.postMessage', body));
}

/** Most often Slack does not refuse a reply to a deleted message, but posts it as a message of its own: one without `thread_ts`. */
function threadIn({ ts, message }: Answer, replied: string | undefined): string | undefined {
  const thread = message === undefined ? replied : textOf(objectOf(message)['thread_ts']);
  const first = thread ?? textOf(ts) ?? '';
  return TS.test(first) ? first : undefined;
}

/** Slack answers 200 to nearly everything. @throws ProviderError with Slack's code of the error */
function accepted(json: unknown): Answer {
  const answer = objectOf(json);
  if (answer['ok'] === true) return answer;
  const code = textOf(answer['error'])?.slice(0, 100) ?? 'no reason given';
  throw new ProviderError(`Slack refused: ${code}.`, { isRefusal: !CONNECTION_FAULTS.has(code) });
}
