import { lenientText } from '#kernel/domain/lenient-text';
import { finding, type Finding } from '../finding.js';
import { hypothesis, type Hypothesis } from '../hypothesis.js';
import type { Candidate } from './candidates.js';
import { type CaseText, holdsQuote } from './citable.js';
import type { ToolDescription } from './model-chat.js';

/** The valid parts of a model's report, and why the rest was refused. */
export interface ValidatedReport {
  readonly findings: readonly Finding[];
  readonly hypotheses: readonly Hypothesis[];
  /** Reasons, as sentences for the model, so that it can correct itself. */
  readonly refused: readonly string[];
  readonly isFinal: boolean;
}

/** What a report is validated against. */
interface KnownFacts {
  readonly text: CaseText;
  readonly candidates: readonly Candidate[];
  /** The run's own findings, whose numbers the model may repeat. */
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

const MAX_ITEMS = 12;
const MAX_SENTENCE = 600;
const MAX_QUOTE = 500;
/** A number, optionally followed by a unit. */
const NUMBER = /^(\d+(?:[.,:]\d+)*)(?:%|ms|s|m|min|h|x|xx|k|kb|mb|gb|kib|mib|gib)?$/;
/** Hyphenated or dotted words of plain English, which are not names. */
const PLAIN_WORDS = new Set(
  'read-only out-of-memory time-out roll-back fail-over end-to-end long-running up-to-date re-try and/or i/o e.g i.e'.split(
    ' ',
  ),
);

/**
 * Keeps the parts of a model's report that the evidence confirms. A sentence must quote evidence of the run literally;
 * whatever looks like a name in it must be a candidate's, and a number must occur in its quotes or in the run's findings.
 * A hypothesis always has the status `open`.
 *
 * @param input the tool input as the model wrote it, unmasked
 */
export function validateReport(input: unknown, known: KnownFacts): ValidatedReport {
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

interface CheckedSentence {
  readonly sentence: string;
  readonly citations: readonly { readonly evidenceId: string; readonly quote: string }[];
}

/** @returns the checked sentence, or why it is refused */
function check(sentence: unknown, citations: unknown, known: KnownFacts): CheckedSentence | string {
  if (typeof sentence !== 'string' || sentence.trim() === '' || sentence.length > MAX_SENTENCE)
    return `A sentence must have 1 to ${String(MAX_SENTENCE)} characters.`;
  const cited = list(citations).flatMap((item) => {
    const { evidenceId, quote } = record(item);
    return typeof evidenceId === 'string' && typeof quote === 'string' && quote.length <= MAX_QUOTE
      ? [{ evidenceId, quote }]
      : [];
  });
  const wrong = cited.find(({ evidenceId, quote }) => !holdsQuote(known.text, evidenceId, quote));
  if (cited.length === 0 || wrong || cited.length !== list(citations).length)
    return 'A citation does not stand in the evidence letter by letter.';
  const unknown = unknownTermIn(sentence, cited, known);
  if (unknown !== undefined) return `“${unknown}” is no candidate, and no number of the evidence.`;
  return { sentence: lenientText(sentence.trim(), MAX_SENTENCE), citations: cited };
}

/** The first word that looks like a name but is no candidate's, or a number that occurs neither in the quotes nor in findings. */
function unknownTermIn(
  sentence: string,
  cited: CheckedSentence['citations'],
  { candidates, statements }: KnownFacts,
): string | undefined {
  const names = candidates.flatMap((candidate) => candidate.names.map((name) => name.toLowerCase()));
  const numbers = [...cited.map(({ quote }) => quote), ...statements, ...names].join('\n').toLowerCase();
  // Candidates' names are removed first, longest first, since they may contain spaces or slashes.
  let rest = sentence.toLowerCase();
  for (const name of [...new Set(names)].sort((a, b) => b.length - a.length))
    if (name.length > 1) rest = rest.replaceAll(name, ' ');
  return words(rest).find((word) => {
    const [, number] = NUMBER.exec(word) ?? [];
    // Only as a whole number: 5 does not occur in 15, nor 0.5 in 10.5.
    if (number !== undefined)
      return !new RegExp(`(?<!\\d)${number.replaceAll('.', '\\.')}(?!\\d)`).test(numbers);
    // An email address is no entity and no change, so it may be repeated from a quote.
    if (word.includes('@')) return !numbers.includes(word);
    return looksLikeName(word) && !PLAIN_WORDS.has(word);
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
  return Array.isArray(value) ? (value as readonly unknown[]).slice(0, MAX_ITEMS) : [];
}
