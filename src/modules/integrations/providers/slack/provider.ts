import { JsonSource } from '../json-source.js';
import { type Connection, type Outside, ProviderError, type Provider } from '../provider.js';
import { objectOf, textOf } from '../read-json.js';
import { contentOf } from './blocks.js';
import { DEFAULT_URL, SlackConfig, SlackCredentials } from './config.js';

/** More than any answer to a message. */
const MAX_BYTES = 1024 * 1024;

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
  ].join('\n'),

  async probe(connection, outside) {
    const source = sourceOf(connection, outside);
    accepted(await source.post('/auth.test', {}));
    const answer = objectOf(
      await source.get('/conversations.info', [['channel', connection.config.channel]]),
    );
    // Sending needs no scope to read channels.
    if (answer['error'] === 'missing_scope') return;
    const { is_archived: isArchived, is_member: isMember } = objectOf(accepted(answer)['channel']);
    if (isArchived === true) throw new ProviderError('The channel is archived.');
    if (isMember === false) throw new ProviderError('The app is not in the channel; invite it.');
  },

  messages: {
    async send(connection, message, outside, signal) {
      const { channel } = connection.config;
      const body = { channel, ...contentOf(message) };
      accepted(await sourceOf(connection, outside, signal).post('/chat.postMessage', body));
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

/** Slack answers 200 to nearly everything. @throws ProviderError with Slack's code of the error */
function accepted(json: unknown): Answer {
  const answer = objectOf(json);
  if (answer['ok'] === true) return answer;
  const code = textOf(answer['error'])?.slice(0, 100) ?? 'no reason given';
  throw new ProviderError(`Slack refused: ${code}.`);
}
