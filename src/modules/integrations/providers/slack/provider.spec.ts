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
};
const connection = () => ({
  config: { channel: 'C0123456789', url: `${api.url}/api/` },
  credentials: { botToken: 'xoxb-secret' },
});
const send = (outside = OUTSIDE) =>
  slack.messages?.send(connection(), message, outside, new AbortController().signal);

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

  it('goes to no address that the guard forbids', async () => {
    await expect(send({ ...OUTSIDE, http: new GuardedFetch([]) })).rejects.toThrow(/loopback address/);
    expect(api.requests).toEqual([]);
  });
});
