import { lenientText } from '#kernel/domain/lenient-text';
import { finding, type Finding } from '../finding.js';
import { hypothesis, type Hypothesis } from '../hypothesis.js';
import type { Candidate } from './candidates.js';
import { type CaseText, holdsQuote } from './citable.js';
import type { ToolDescription } from './model-chat.js';

/** What was taken of a report, and why the rest was not. */
export interface Taken {
  readonly findings: readonly Finding[];
  readonly hypotheses: readonly Hypothesis[];
  /** Sentences for the model, so that it may try again. */
  readonly refused: readonly string[];
  readonly isFinal: boolean;
}

interface Known {
  readonly text: CaseText;
  readonly candidates: readonly Candidate[];
  /** What the run's own findings say: where numbers may come from. */
  readonly statements: readonly string[];
}

const CITATIONS = {
  type: 'array',
  minItems: 1,
  items: {
    type: 'object',
    properties: { evidenceId: { type: 'string' }, quote: { type: 'string' } },
    required: ['evidenceId', 'quote'],
    additionalProperties: false,
  },
} as const;

export const REPORT_TOOL: ToolDescription = {
  name: 'report',
  description:
    'States what you conclude. May be called more than once; set isFinal when you are done. Every sentence cites ' +
    'evidence by id with a quote that stands there letter by letter. A hypothesis names a candidate by id.',
  input: {
    type: 'object',
    properties: {
      explanation: {
        type: 'array',
        items: {
          type: 'object',
          properties: { sentence: { type: 'string' }, citations: CITATIONS },
          required: ['sentence', 'citations'],
          additionalProperties: false,
        },
      },
      hypotheses: {
        type: 'array',
        items: {
          type: 'object',
          properties: { candidate: { type: 'string' }, because: { type: 'string' }, citations: CITATIONS },
          required: ['candidate', 'because', 'citations'],
          additionalProperties: false,
        },
      },
      isFinal: { type: 'boolean' },
    },
    required: ['explanation', 'isFinal'],
    additionalProperties: false,
  },
};

const MOST_ITEMS = 12;
const MOST_SENTENCE = 600;
const MOST_QUOTE = 500;
/** With the unit that a person writes right after it. */
const NUMBER = /^(\d+(?:[.,:]\d+)*)(?:%|ms|s|m|min|h|x|xx|k|kb|mb|gb|kib|mib|gib)?$/;
/** Joined words of plain English, which are nobody's name. */
const PLAIN = new Set(
  'read-only out-of-memory time-out roll-back fail-over end-to-end long-running up-to-date re-try and/or i/o e.g i.e'.split(
    ' ',
  ),
);

/**
 * Takes of a model's report what holds against the evidence, and nothing else. A sentence must quote evidence of the run
 * literally; what looks like a name in it must be a candidate's, and a number must stand in what it quotes or in the
 * run's findings. A hypothesis is open, whatever the model thinks of it.
 *
 * @param input what the model wrote, with the values in the place of placeholders
 */
export function takeReport(input: unknown, known: Known): Taken {
  const refused: string[] = [];
  const report = record(input);
  const findings = list(report['explanation']).flatMap((item) => {
    const { sentence, citations } = record(item);
    const checked = check(sentence, citations, known);
    if (typeof checked === 'string') {
      refused.push(checked);
      return [];
    }
    const [evidenceIds, quotes] = [checked.citations.map(({ evidenceId }) => evidenceId), checked.citations];
    return [finding({ statement: checked.sentence, evidenceIds, kind: 'model_reading', data: { quotes } })];
  });
  const hypotheses = list(report['hypotheses']).flatMap((item) => {
    const { candidate: id, because, citations } = record(item);
    const candidate = known.candidates.find((each) => each.id === id);
    if (!candidate) {
      refused.push('A hypothesis names no candidate of the list.');
      return [];
    }
    const checked = check(because, citations, known);
    if (typeof checked === 'string') {
      refused.push(checked);
      return [];
    }
    return [
      hypothesis({
        statement: `${candidate.label}. ${checked.sentence}`,
        score: 0,
        status: 'open',
        supportedBy: checked.citations.map(({ evidenceId }) => evidenceId),
        category: candidate.kind === 'change' ? 'change' : 'errors',
        witnesses: [],
        because: 'A model proposed it; it counts for nothing in the outcome.',
        entity: candidate.entity,
      }),
    ];
  });
  return { findings, hypotheses, refused, isFinal: report['isFinal'] === true };
}

interface Checked {
  readonly sentence: string;
  readonly citations: readonly { readonly evidenceId: string; readonly quote: string }[];
}

function check(sentence: unknown, citations: unknown, known: Known): Checked | string {
  if (typeof sentence !== 'string' || sentence.trim() === '' || sentence.length > MOST_SENTENCE)
    return `A sentence must have 1 to ${String(MOST_SENTENCE)} characters.`;
  const cited = list(citations).flatMap((item) => {
    const { evidenceId, quote } = record(item);
    return typeof evidenceId === 'string' && typeof quote === 'string' && quote.length <= MOST_QUOTE
      ? [{ evidenceId, quote }]
      : [];
  });
  const wrong = cited.find(({ evidenceId, quote }) => !holdsQuote(known.text, evidenceId, quote));
  if (cited.length === 0 || wrong || cited.length !== list(citations).length)
    return 'A citation does not stand in the evidence letter by letter.';
  const stranger = strangerIn(sentence, cited, known);
  if (stranger !== undefined) return `“${stranger}” is no candidate, and no number of the evidence.`;
  return { sentence: lenientText(sentence.trim(), MOST_SENTENCE), citations: cited };
}

/** The first word that looks like a name or a number and is neither a candidate's nor in the evidence cited. */
function strangerIn(
  sentence: string,
  cited: Checked['citations'],
  { candidates, statements }: Known,
): string | undefined {
  const names = candidates.flatMap((candidate) => candidate.names.map((name) => name.toLowerCase()));
  const numbers = [...cited.map(({ quote }) => quote), ...statements, ...names].join('\n').toLowerCase();
  // Whole names go first, so that one with spaces or slashes in it is not taken for several words.
  let rest = sentence.toLowerCase();
  for (const name of [...new Set(names)].sort((a, b) => b.length - a.length))
    if (name.length > 1) rest = rest.replaceAll(name, ' ');
  return words(rest).find((word) => {
    const [, number] = NUMBER.exec(word) ?? [];
    // The whole number: 5 does not stand in 15, nor 0.5 in 10.5.
    if (number !== undefined)
      return !new RegExp(`(?<!\\d)${number.replaceAll('.', '\\.')}(?!\\d)`).test(numbers);
    // Somebody's address is neither an entity nor a change.
    if (word.includes('@')) return !numbers.includes(word);
    return looksLikeName(word) && !PLAIN.has(word);
  });
}

function words(text: string): string[] {
  return text
    .split(/[\s"'“”‘’(),;!?<>`]+/)
    .map((word) => word.replace(/^[-.:/]+|[-.:/]+$/g, ''))
    .filter((word) => word !== '');
}

function looksLikeName(word: string): boolean {
  return /[\p{L}\d][-_./:@#\\=|][\p{L}\d]/u.test(word) || (/\d/.test(word) && /\p{L}/u.test(word));
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? (value as readonly unknown[]).slice(0, MOST_ITEMS) : [];
}
