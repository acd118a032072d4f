import type { EvidenceSet } from '../evidence/evidence-set.js';
import { cut } from '../wording.js';
import type { CaseText, Citable } from './citable.js';
import type { ToolDescription } from './model-chat.js';

/** What a tool can read: the run's own evidence, and nothing else. */
export interface ToolContext {
  readonly evidence: EvidenceSet;
  readonly text: CaseText;
}

interface EvidenceTool extends ToolDescription {
  /** Pure; returns lines. */
  read(context: ToolContext, input: ReadonlyMap<string, unknown>): string[];
}

const MAX_CHARACTERS = 6_000;
const MAX_LINE = 400;
const MAX_LINES = 60;
const STRING = { type: 'string' } as const;

/** All tools of the model besides `report`. They only read. */
export const EVIDENCE_TOOLS: readonly EvidenceTool[] = [
  {
    name: 'list_evidence',
    description: 'Every piece of evidence of this run: id, type, source, number of rows.',
    input: { type: 'object', properties: {}, additionalProperties: false },
    read: ({ text: pieces }) =>
      [...pieces.values()].map(
        ({ evidenceId, type, source, size }) => `${evidenceId} ${type} from ${source}, ${String(size)} rows`,
      ),
  },
  {
    name: 'read_evidence',
    description:
      'Rows of one piece of evidence, each as its own line, exactly as they can be quoted. With `contains` only rows ' +
      'that hold these words. 60 rows at a time, from row number `from` on.',
    input: {
      type: 'object',
      properties: { evidenceId: STRING, contains: STRING, from: { type: 'integer' } },
      required: ['evidenceId'],
      additionalProperties: false,
    },
    read: ({ text: pieces }, input) => {
      const piece = pieces.get(String(input.get('evidenceId')));
      if (!piece) return ['There is no evidence of this id in this run.'];
      const contains = input.get('contains');
      return rowsFrom(piece, typeof contains === 'string' ? contains : '', Number(input.get('from') ?? 0));
    },
  },
  {
    name: 'search_logs',
    description:
      'Log lines and platform events that hold these words, oldest first, with the id of their evidence.',
    input: {
      type: 'object',
      properties: { contains: STRING, entity: STRING },
      required: ['contains'],
      additionalProperties: false,
    },
    read: ({ evidence }, input) => {
      const contains = String(input.get('contains')).toLowerCase();
      const entity = input.get('entity');
      const lines: string[] = [];
      for (const { evidenceId, row } of evidence.logs) {
        if (lines.length >= MAX_LINES) break;
        if (typeof entity === 'string' && row.entity !== entity) continue;
        if (!row.message.toLowerCase().includes(contains)) continue;
        lines.push(`${evidenceId}: ${new Date(row.timestamp).toISOString()} ${row.entity} ${row.message}`);
      }
      return lines;
    },
  },
  {
    name: 'read_metric',
    description: 'The samples of one metric of one entity around the onset, at most 60, evenly taken.',
    input: {
      type: 'object',
      properties: { entity: STRING, metric: STRING },
      required: ['entity'],
      additionalProperties: false,
    },
    read: ({ evidence }, input) => {
      const own = evidence.series.filter(({ entity }) => entity === input.get('entity'));
      const series = own.find(({ metric }) => metric === input.get('metric'));
      if (!series) return [`Metrics of it: ${own.map(({ metric }) => metric).join(', ') || 'none'}`];
      const every = Math.max(1, Math.ceil(series.values.length / MAX_LINES));
      return series.values.flatMap((value, i) =>
        i % every === 0
          ? [
              `${series.evidenceIds.join(' ')}: ${new Date(series.timestamps[i] ?? 0).toISOString()} ${String(value)}`,
            ]
          : [],
      );
    },
  },
];

/** @returns the tool's output, truncated; undefined for an unknown tool or an input that is not an object */
export function callTool(context: ToolContext, name: string, input: unknown): string | undefined {
  const tool = EVIDENCE_TOOLS.find((each) => each.name === name);
  if (!tool || typeof input !== 'object' || input === null) return undefined;
  // Every parameter is a string or a number. Other values are dropped, since converting them to a string could throw.
  const parameters = Object.entries(input).filter(([, value]) => ['string', 'number'].includes(typeof value));
  const lines = tool.read(context, new Map(parameters));
  const shown: string[] = [];
  let characters = 0;
  for (const line of lines.slice(0, MAX_LINES)) {
    const truncated = cut(line, MAX_LINE);
    characters += truncated.length + 1;
    if (characters > MAX_CHARACTERS) break;
    shown.push(truncated);
  }
  return shown.length === 0 ? 'Nothing.' : shown.join('\n');
}

function rowsFrom(piece: Citable, contains: string, from: number): string[] {
  const lines: string[] = [];
  for (let i = Math.max(0, Math.trunc(from) || 0); i < piece.size; i += 1) {
    if (lines.length >= MAX_LINES) break;
    const line = piece.line(i);
    if (line.includes(contains)) lines.push(line);
  }
  return lines;
}
