import type { Message } from '../provider.js';

/** Of the text of a block. A message has at most 50 blocks. */
const MAX_TEXT = 3000;
const MAX_LINE = 600;
const MAX_ITEMS = 20;
const MAX_FACTS = 20;

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };
/** They could forge lines, or show a text in another order than it is written. */
const NOT_IN_LINE = /[\s\p{Cc}\u202A-\u202E\u2066-\u2069]+/gu;

/** Our buttons; their action is the decision, their value the approval request. */
export const BUTTONS = 'causeflow_approval';

/** The content of a message for `chat.postMessage`, within Slack's limits, in which no text can mention or link anything. */
export function contentOf(message: Message, hasButtons: boolean): object {
  const { headline, subject, references, approvalId } = message;
  return {
    // What notifications show.
    text: escaped(subject === null ? headline : `${headline}: ${subject}`),
    blocks: [
      ...packed(linesOf(message)).map((text) => ({ type: 'section', text: mrkdwn(text) })),
      ...(hasButtons && approvalId !== null ? [buttonsFor(approvalId)] : []),
      { type: 'context', elements: [mrkdwn(references.map((one) => escaped(one, 200)).join(' · '))] },
    ],
    unfurl_links: false,
    unfurl_media: false,
  };
}

function buttonsFor(approvalId: string): object {
  const plain = (text: string) => ({ type: 'plain_text', text });
  const button = { type: 'button', value: approvalId };
  const confirm = {
    title: plain('Approve this plan?'),
    text: plain('It covers the plan of this message, and no other.'),
    confirm: plain('Approve'),
    deny: plain('Cancel'),
  };
  return {
    type: 'actions',
    block_id: BUTTONS,
    elements: [
      { ...button, action_id: 'approve', style: 'primary', text: plain('Approve'), confirm },
      { ...button, action_id: 'reject', style: 'danger', text: plain('Reject') },
    ],
  };
}

function linesOf({ headline, subject, text, facts, lists }: Message): string[] {
  return [
    `*${escaped(headline)}*`,
    ...[subject, text].flatMap((line) => (line === null ? [] : escaped(line))),
    ...facts.slice(0, MAX_FACTS).map(({ name, value }) => `*${escaped(name)}:* ${escaped(value)}`),
    ...lists.flatMap(({ name, items }) => [
      `*${escaped(name)}:*`,
      ...items.slice(0, MAX_ITEMS).map((item, index) => `${index + 1}. ${escaped(item)}`),
      ...(items.length > MAX_ITEMS ? [`and ${items.length - MAX_ITEMS} more`] : []),
    ]),
  ];
}

/** Lines joined to as few texts as possible. */
function packed(lines: readonly string[]): string[] {
  const texts: string[] = [];
  for (const line of lines) {
    const last = texts.at(-1);
    if (last !== undefined && last.length + 1 + line.length <= MAX_TEXT)
      texts[texts.length - 1] = `${last}\n${line}`;
    else texts.push(line);
  }
  return texts;
}

function mrkdwn(text: string): object {
  // Verbatim, since otherwise names of channels and groups would become mentions, and addresses links.
  return { type: 'mrkdwn', text, verbatim: true };
}

/** One line without markup, cut between two characters, and never inside an entity. */
export function escaped(text: string, max = MAX_LINE): string {
  let line = '';
  for (const character of text.replace(NOT_IN_LINE, ' ').trim()) {
    const next = ENTITIES[character] ?? character;
    if (line.length + next.length >= max) return `${line}…`;
    line += next;
  }
  return line;
}
