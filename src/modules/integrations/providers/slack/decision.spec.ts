import { describe, expect, it } from '@jest/globals';
import { contentOf } from './blocks.js';
import { decisionIn } from './decision.js';
import { slack } from './provider.js';

const APPROVAL = 'apr_01HX9VTPQR3KF8MZWBYD5N6JCE';

/** The press of the first button that our own message has. */
function press(changes: object = {}, button: object = {}): object {
  const nothing = {
    subject: null,
    text: null,
    facts: [],
    lists: [],
    references: ['x'],
    isForEverybody: true,
  };
  const { blocks } = contentOf({ ...nothing, headline: 'x', approvalId: APPROVAL }, true) as {
    blocks: { type: string; block_id: string; elements: object[] }[];
  };
  const actions = blocks.find(({ type }) => type === 'actions');
  return {
    type: 'block_actions',
    user: { id: 'U111' },
    channel: { id: 'C111' },
    message: { ts: '1700000000.000100' },
    actions: [{ ...actions?.elements[0], block_id: actions?.block_id, ...button }],
    ...changes,
  };
}

describe('the press of a button', () => {
  it('is a decision about the approval request that the message was about', () => {
    expect(decisionIn(press())).toEqual({
      approvalId: APPROVAL,
      decision: 'approve',
      person: 'U111',
      channel: 'C111',
      message: '1700000000.000100',
    });
  });

  it('in a thread is known by where the thread begins, since nobody may reply to a reply', () => {
    const message = { ts: '1700000000.000200', thread_ts: '1700000000.000100' };
    expect(decisionIn(press({ message }))).toMatchObject({ message: '1700000000.000100' });
  });

  it.each<[string, unknown]>([
    ['another kind of interaction', press({ type: 'view_submission' })],
    ['a button of someone else', press({}, { block_id: 'b' })],
    ['a third button', press({}, { action_id: 'execute' })],
    ['an id of something else', press({}, { value: 'rem_01HX9VTPQR3KF8MZWBYD5N6JCE' })],
    ['nobody', press({ user: null })],
    ['somebody whose id is markup', press({ user: { id: '!channel' } })],
    ['no message', press({ message: undefined })],
    ['no channel', press({ channel: [] })],
    ['hollow actions', press({ actions: [null, 'x', []] })],
    ['an endless depth', { payload: '['.repeat(100_000) }],
    ['a text', { payload: '"x"' }],
    ['a slash command', { command: '/causeflow', text: 'approve' }],
    ['nothing', {}],
  ])('is not %s', (_, body) => {
    expect(decisionIn(body)).toBeUndefined();
  });
});

describe('a signature of Slack', () => {
  // Computed with OpenSSL, over `v0:1700000000:payload=x`.
  const secret = '0123456789abcdef0123456789abcdef';
  const signature = 'v0=dede8af78becc82cd87a6aa5e5d969540110171144d54ecd0c0a8b7b0d32e402';
  const raw = Buffer.from('payload=x');
  const sentAt = '1700000000';
  const verify = (headers: object, age = 0, signingSecret: string | undefined = secret) =>
    slack.webhooks?.verify(
      {
        config: { channel: 'C1' },
        credentials: { botToken: 'xoxb-1', ...(signingSecret && { signingSecret }) },
      },
      { headers: { 'x-slack-signature': signature, 'x-slack-request-timestamp': sentAt, ...headers }, raw },
      new Date((1_700_000_000 + age) * 1000),
    );

  it.each([0, 300, -300])('counts %i seconds later', (age) => {
    expect(verify({}, age)).toBe(true);
  });

  it.each<[string, { headers?: object; age?: number; secret?: string }]>([
    ['too late', { age: 301 }],
    ['too early', { age: -301 }],
    ['with another time', { headers: { 'x-slack-request-timestamp': '1700000001' } }],
    ['with a time that is none', { headers: { 'x-slack-request-timestamp': '17e8' } }],
    ['without a time', { headers: { 'x-slack-request-timestamp': undefined } }],
    ['without a signature', { headers: { 'x-slack-signature': undefined } }],
    ['of another version', { headers: { 'x-slack-signature': signature.replace('v0', 'v1') } }],
    ['without a secret to check it', { secret: '' }],
  ])('does not count %s', (_, { headers = {}, age, secret: secretHere }) => {
    expect(verify(headers, age, secretHere)).toBe(false);
  });
});
