import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { GuardedFetch } from '#kernel/net/guarded-fetch';
import { type Message, ProviderError } from '../provider.js';
import { OUTSIDE, RecordedApi } from '../recorded.fixture.js';
import { contentOf } from './blocks.js';
import { slack } from './provider.js';

let api: RecordedApi;
beforeEach(async () => {
  api = await RecordedApi.start();
  api.respond = () => ({ ok: true });
});
afterEach(() => api.stop());

const message: Message = {
  headline: 'Approval requested',
  subject: 'Checkout fails',
  text: null,
  facts: [{ name: 'Service', value: 'checkout' }],
  lists: [{ name: 'Steps', items: ['Roll back', 'Verify'] }],
  references: ['rem_1', 'Trigger: On-call'],
  approvalId: null,
  isForEverybody: false,
};
const connection = () => ({
  config: { channel: 'C0123456789', url: `${api.url}/api/` },
  credentials: { botToken: 'xoxb-secret' },
});
const send = (outside = OUTSIDE, thread?: string, more: Partial<Message> = {}) =>
  slack.messages?.send(connection(), { ...message, ...more }, thread, outside, new AbortController().signal);

describe('a message', () => {
  it('is posted to the channel with the bot token', async () => {
    await send();
    const [request] = api.requests;
    expect(request).toMatchObject({
      path: '/api/chat.postMessage',
      headers: { authorization: 'Bearer xoxb-secret', 'content-type': 'application/json' },
    });
    const context = { type: 'mrkdwn', text: 'rem_1 · Trigger: On-call', verbatim: true };
    const text =
      '*Approval requested*\nCheckout fails\n*Service:* checkout\n*Steps:*\n1. Roll back\n2. Verify';
    expect(JSON.parse(request?.body ?? '')).toEqual({
      channel: 'C0123456789',
      text: 'Approval requested: Checkout fails',
      blocks: [
        { type: 'section', text: { type: 'mrkdwn', text, verbatim: true } },
        { type: 'context', elements: [context] },
      ],
      unfurl_links: false,
      unfurl_media: false,
    });
  });

  it('keeps to the limits of Slack and cuts neither a character nor an entity', () => {
    const long = '🔥&<'.repeat(5000);
    const content = contentOf(
      {
        headline: long,
        subject: long,
        text: long,
        facts: Array(30).fill({ name: long, value: long }),
        lists: Array(3).fill({ name: long, items: Array(30).fill(long) }),
        references: Array(6).fill(long),
        approvalId: null,
        isForEverybody: true,
      },
      true,
    ) as { text: string; blocks: { text?: { text: string }; elements?: { text: string }[] }[] };
    const texts = content.blocks.flatMap(({ text, elements = [] }) => (text ? [text] : elements));
    expect(content.blocks.length).toBeLessThanOrEqual(50);
    for (const { text } of [content, ...texts]) {
      expect(text.length).toBeLessThanOrEqual(3000);
      expect(text).not.toMatch(/\p{Surrogate}/u);
      expect(text.replaceAll(/&(?:amp|lt);/g, '')).not.toMatch(/[&<]/);
    }
    expect(texts.map(({ text }) => text).join()).toContain('and 10 more');
  });

  it.each<[string, RecordedApi['respond'], string, string | undefined]>([
    ['refused', () => ({ ok: false, error: 'not_in_channel' }), 'Slack refused: not_in_channel.', undefined],
    ['refused without a reason', () => [], 'Slack refused: no reason given.', undefined],
    ['put off', (_, response) => void response.writeHead(429, { 'retry-after': '30' }).end('{"ok":false}'), 'Slack answered 429: its limit of requests is used up.', '30'],
    ['answered by a web page', (_, response) => void response.end('<html>'), 'Slack did not answer in JSON.', undefined],
    ['redirected', (_, response) => void response.writeHead(302, { location: '/' }).end(), 'Slack answered 302; redirects are not followed.', undefined],
    ['dropped', (_, response) => void response.destroy(), 'The call to Slack failed: the connection was closed before the answer was complete.', undefined],
  ])('that is %s is not sent', async (_, respond, reason, retryAfter) => {
    api.respond = respond;
    const error = await Promise.resolve(send()).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ProviderError);
    expect(error).toMatchObject({ message: reason, retryAfter });
  }); // prettier-ignore

  it.each<[string, number, object, boolean]>([
    ['a busy chat', 429, { ok: false, error: 'ratelimited' }, false],
    ['a chat that fails', 500, {}, false],
    ['an app that is not in the channel', 200, { ok: false, error: 'not_in_channel' }, false],
    ['a revoked token', 200, { ok: false, error: 'token_revoked' }, false],
    ['blocks that it cannot show', 200, { ok: false, error: 'invalid_blocks' }, true],
    ['a code that is not known', 200, { ok: false, error: 'something_else' }, true],
    ['a body that is too large', 413, {}, true],
  ])('alone is refused, so that others need not wait: %s', async (_, status, body, isRefusal) => {
    api.respond = (_request, response) => void response.writeHead(status).end(JSON.stringify(body));
    await expect(send()).rejects.toMatchObject({ isRefusal });
  });

  it('goes to no address that the guard forbids', async () => {
    await expect(send({ ...OUTSIDE, http: new GuardedFetch([]) })).rejects.toThrow(/loopback address/);
    expect(api.requests).toEqual([]);
  });
});

describe('the thread of a message', () => {
  const PARENT = '1700000000.000100';
  const REPLY = '1700000000.000200';
  const bodies = () => api.requests.map(({ body }) => JSON.parse(body) as Record<string, unknown>);

  it('begins with the first one', async () => {
    api.respond = () => ({ ok: true, ts: PARENT, message: { ts: PARENT } });
    expect(await send(OUTSIDE, undefined, { isForEverybody: true })).toBe(PARENT);
    expect(bodies()).toEqual([expect.not.objectContaining({ reply_broadcast: expect.anything() })]);
  });

  it.each([true, false])('goes on with a reply, also sent to the channel (%s)', async (isForEverybody) => {
    api.respond = () => ({ ok: true, ts: REPLY, message: { ts: REPLY, thread_ts: PARENT } });
    expect(await send(OUTSIDE, PARENT, { isForEverybody })).toBe(PARENT);
    expect(bodies()).toMatchObject([{ thread_ts: PARENT }]);
    expect(bodies()[0]?.['reply_broadcast']).toBe(isForEverybody ? true : undefined);
  });

  it('begins anew when Slack posts the reply as a message of its own, since the first one was deleted', async () => {
    api.respond = () => ({ ok: true, ts: REPLY, message: { ts: REPLY } });
    expect(await send(OUTSIDE, PARENT)).toBe(REPLY);
  });

  it.each([
    'cannot_reply_to_message',
    'message_not_found',
    'restricted_action_non_threadable_channel',
    'restricted_action_thread_locked',
    'thread_not_found',
  ])('begins anew when Slack answers a reply with %s', async (error) => {
    api.respond = ({ body }) =>
      body.includes('thread_ts') ? { ok: false, error } : { ok: true, ts: REPLY, message: { ts: REPLY } };
    expect(await send(OUTSIDE, PARENT, { isForEverybody: true })).toBe(REPLY);
    const [reply, own] = bodies();
    expect({ ...own, thread_ts: PARENT, reply_broadcast: true }).toEqual(reply);
  });

  it('is not left for any other reason', async () => {
    api.respond = () => ({ ok: false, error: 'not_in_channel' });
    await expect(send(OUTSIDE, PARENT)).rejects.toThrow('not_in_channel');
    expect(api.requests).toHaveLength(1);
  });

  it('is the same on a server that does not repeat the message', async () => {
    api.respond = () => ({ ok: true, ts: REPLY });
    expect(await send(OUTSIDE, PARENT)).toBe(PARENT);
  });

  it.each([undefined, 7, '', 'a\0b', '<!channel>', '1'.repeat(101)])(
    'is not known by a ts that is none: %j',
    async (ts) => {
      api.respond = () => ({ ok: true, ts, message: { ts } });
      expect(await send()).toBeUndefined();
    },
  );
});
