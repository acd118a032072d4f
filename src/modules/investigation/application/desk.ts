import { createHash, type Hash } from 'node:crypto';
import type { AgentTurn } from '../domain/agents/agent.js';
import {
  type EvalCase,
  evalCaseOf,
  type EvalLabel,
  evalLabelOf,
  type KnownTruth,
} from '../domain/eval-case.js';
import { EvidenceSet } from '../domain/evidence/evidence-set.js';
import { getOrAdd } from '../domain/get-or-add.js';
import type { Evidence, EvidenceType } from '../domain/evidence/evidence.js';
import { type Decided, Inquiry, type Remembered } from '../domain/inquiry.js';
import { Mask } from '../domain/masking.js';
import type { Onset } from '../domain/evidence/onset.js';
import { policyNamed } from '../domain/outcome/outcome-policies.js';
import { readEvidence } from '../domain/evidence/read-evidence.js';
import { type CallAnswer, Review, type Reviewed } from '../domain/review/review.js';
import type { ToolCall } from '../domain/review/model-chat.js';
import { excerpt } from './excerpt.js';

/** What is known of a piece of evidence before its rows are read. */
export interface PieceHead {
  readonly evidenceId: string;
  readonly type: EvidenceType;
  readonly source: string;
  readonly observedAt: number;
}

/** What became of a piece's rows. */
export interface ReadPiece {
  /** How many could be read. */
  readonly rows: number;
  /** The first of them, which tells what the piece is about. */
  readonly first: Evidence['rows'][number] | undefined;
  /** The beginning of what was read. */
  readonly content: string;
  /** SHA-256, in hex, of all that was read. */
  readonly contentHash: string;
  /** Its rows as agents read them, as JSON, where they are asked for. */
  readonly kept: string | null;
}

export interface MaskedCase {
  readonly case: EvalCase;
  readonly label: EvalLabel;
  /** How often each rule of masking hid something. */
  readonly masked: Readonly<Record<string, number>>;
}

interface OpenPiece {
  readonly head: PieceHead;
  readonly rows: Evidence['rows'][number][];
  readonly hash: Hash;
  content: string;
  place: number;
}

const BEGINNING = 8_000;
const NOTHING = { rows: [] as Evidence['rows'][number][], hash: createHash('sha256'), content: '', place: 0 };

/**
 * Where one case at a time is read and thought through: everything of an investigation that takes long to compute, and
 * nothing that waits for others. All that goes in and out is plain data, so that a desk can stand in another thread.
 */
export class Desk {
  #pieces = new Map<string, OpenPiece>();
  #inquiry: Inquiry | undefined;
  #review: Review | undefined;

  /** Takes a case up, with nothing read yet. */
  open(remembered: Remembered): void {
    this.clear();
    this.#inquiry = new Inquiry(remembered);
  }

  clear(): void {
    this.#pieces = new Map();
    this.#inquiry = undefined;
    this.#review = undefined;
  }

  /**
   * Reads rows of a piece as they were stored or told; a large piece comes in several batches.
   * @param rows or their JSON
   * @param share of the rows that are read; all from 1 on
   */
  add(head: PieceHead, rows: readonly unknown[] | string, share = 1): void {
    const piece = this.#pieces.get(head.evidenceId) ?? {
      ...NOTHING,
      head,
      rows: [],
      hash: createHash('sha256'),
    };
    this.#pieces.set(head.evidenceId, piece);
    const all = typeof rows === 'string' ? (JSON.parse(rows) as unknown[]) : rows;
    const sample = all.filter(() => isInSample(piece.place++, share));
    for (const raw of sample) {
      const line = `${JSON.stringify(raw)}\n`;
      piece.hash.update(line);
      if (piece.content.length < BEGINNING) piece.content += line;
    }
    for (const row of readEvidence(head.type, aboutOf(head), sample).rows) piece.rows.push(row);
  }

  /** Of a piece that is complete. One of which no row could be read does not stay on the desk. */
  piece(evidenceId: string, keep = false): ReadPiece {
    const { rows, content, hash } = this.#pieces.get(evidenceId) ?? NOTHING;
    if (rows.length === 0) this.#pieces.delete(evidenceId);
    return {
      rows: rows.length,
      first: rows[0],
      content: excerpt(content.trimEnd()),
      contentHash: hash.copy().digest('hex'),
      kept: keep ? JSON.stringify(rows) : null,
    };
  }

  /** When the trouble began, by the pieces read so far. */
  estimateOnset(): Onset {
    this.inquiry.read(this.evidence());
    return this.inquiry.onset;
  }

  /** All pieces are there: the agents may begin. */
  begin(onset: Onset): void {
    this.inquiry.read(this.evidence(), onset);
  }

  run(agentName: string): AgentTurn & { readonly durationMs: number } {
    const begun = performance.now();
    const turn = this.inquiry.run(agentName);
    return { ...turn, durationMs: Math.round(performance.now() - begun) };
  }

  /** @param policy by its version; today's when absent */
  decide(policy?: string): Decided {
    return this.inquiry.decide(policyNamed(policy));
  }

  /** @returns what a model is to be told first */
  beginReview(): string {
    const { evidence, context } = this.inquiry;
    this.#review = new Review(evidence, context, this.inquiry.decide().outcome);
    return this.#review.briefing;
  }

  /** Carries out what the model asked for in one turn; nothing when it called no tool. */
  answerModel(calls: readonly Pick<ToolCall, 'name' | 'input'>[]): {
    readonly answers: readonly CallAnswer[];
    readonly isDone: boolean;
  } {
    const { review } = this;
    const answers = calls.map(({ name, input }) => review.use(name, input));
    review.endTurn(calls.length === 0);
    return { answers, isDone: review.isDone };
  }

  /** @param trouble why it did not come to an end by itself, as a sentence without its full stop */
  endReview(trouble?: string): Reviewed {
    return this.review.end(trouble);
  }

  /** The open case as one that agents can be measured on, and its answer apart from it, both masked. */
  evalCase(id: string, dataset: string, truth: KnownTruth, found: KnownTruth): MaskedCase {
    const [evidence, mask] = [this.evidence(), new Mask()];
    const masked = evalCaseOf(id, dataset, this.inquiry.incident, evidence, mask);
    const label = mask.maskAll(evalLabelOf(dataset, truth, found, evidence));
    return { case: masked, label, masked: mask.fired };
  }

  private evidence(): EvidenceSet {
    const pieces = new Map<string, OpenPiece>();
    for (const piece of this.#pieces.values()) {
      // What was attached a second time, say by a client that got no answer to the first, counts once.
      getOrAdd(pieces, `${piece.head.type} ${piece.hash.copy().digest('hex')}`, () => piece);
    }
    // Their rows were read as their types ask, which the compiler cannot see.
    return new EvidenceSet(
      [...pieces.values()].map(({ head, rows }) => ({ ...aboutOf(head), type: head.type, rows }) as Evidence),
    );
  }

  private get inquiry(): Inquiry {
    if (!this.#inquiry) throw new Error('No case is open');
    return this.#inquiry;
  }

  private get review(): Review {
    if (!this.#review) throw new Error('No review has begun');
    return this.#review;
  }
}

function aboutOf({ evidenceId, source, observedAt }: PieceHead) {
  return { evidenceId, source, summary: '', observedAt };
}

/** Scattered by a multiplicative hash, since every tenth row of a table may be of the same series; always the same rows. */
function isInSample(place: number, share: number): boolean {
  return share >= 1 || (Math.imul(place, 0x9e3779b1) >>> 0) / 2 ** 32 < share;
}
