import { createHash, type Hash } from 'node:crypto';
import type { AgentTurn } from '../../domain/agents/agent.js';
import {
  type EvalCase,
  evalCaseOf,
  type EvalLabel,
  evalLabelOf,
  type KnownTruth,
} from '../../domain/eval-case.js';
import { EvidenceSet } from '../../domain/evidence/evidence-set.js';
import { getOrAdd } from '../../domain/get-or-add.js';
import type { Evidence, EvidenceType } from '../../domain/evidence/evidence.js';
import { type DecidedOutcome, CaseAnalysis, type CaseContext } from '../../domain/case-analysis.js';
import { Mask } from '../../domain/masking.js';
import type { Onset } from '../../domain/evidence/onset.js';
import { policyNamed } from '../../domain/outcome/outcome-policies.js';
import { readEvidence } from '../../domain/evidence/read-evidence.js';
import { type ToolOutput, Review, type ReviewResult } from '../../domain/review/review.js';
import type { ToolCall } from '../../domain/review/model-chat.js';
import { excerpt } from '../excerpt.js';

/** Metadata of a piece of evidence, without its rows. `observedAt` is in epoch milliseconds. */
export interface PieceHead {
  readonly evidenceId: string;
  readonly type: EvidenceType;
  readonly source: string;
  readonly observedAt: number;
}

/** The result of parsing a piece's rows. */
export interface ReadPiece {
  /** How many rows could be parsed. */
  readonly rows: number;
  /** The first parsed row, which tells what the piece is about. */
  readonly first: Evidence['rows'][number] | undefined;
  /** An excerpt: the beginning of the raw rows. */
  readonly content: string;
  /** SHA-256, in hex, of all raw rows. */
  readonly contentHash: string;
  /** The parsed rows as JSON, when requested; else null. */
  readonly rowsJson: string | null;
}

export interface MaskedCase {
  readonly case: EvalCase;
  readonly label: EvalLabel;
  /** How many values each masking rule replaced, by rule name. */
  readonly masked: Readonly<Record<string, number>>;
}

interface OpenPiece {
  readonly head: PieceHead;
  readonly rows: Evidence['rows'][number][];
  readonly hash: Hash;
  /** The first raw rows, at least `EXCERPT_SOURCE_LENGTH` characters where there are as many. */
  content: string;
  /** How many raw rows were offered, sampled or not. */
  offered: number;
}

const EXCERPT_SOURCE_LENGTH = 8_000;

/**
 * The CPU-bound part of an investigation, for one case at a time: it holds the case's evidence in memory, parses rows,
 * runs the agents and decides. It does no I/O, and its arguments and results are plain data, so that it can run in a
 * worker thread.
 */
export class Analyser {
  #pieces = new Map<string, OpenPiece>();
  #analysis: CaseAnalysis | undefined;
  #review: Review | undefined;

  /** Starts a case without evidence; drops the previous one. */
  open(known: CaseContext): void {
    this.clear();
    this.#analysis = new CaseAnalysis(known);
  }

  clear(): void {
    this.#pieces = new Map();
    this.#analysis = undefined;
    this.#review = undefined;
  }

  /**
   * Parses raw rows of a piece. A large piece comes in several batches.
   * @param rows the rows, or a JSON array of them
   * @param share the sampling rate, 0..1; 1 or more reads every row
   */
  add(head: PieceHead, rows: readonly unknown[] | string, share = 1): void {
    const piece = getOrAdd(this.#pieces, head.evidenceId, () => emptyPiece(head));
    const all = typeof rows === 'string' ? (JSON.parse(rows) as unknown[]) : rows;
    const sample = all.filter(() => isInSample(piece.offered++, share));
    for (const raw of sample) {
      const line = `${JSON.stringify(raw)}\n`;
      piece.hash.update(line);
      if (piece.content.length < EXCERPT_SOURCE_LENGTH) piece.content += line;
    }
    for (const row of readEvidence(head.type, aboutOf(head), sample).rows) piece.rows.push(row);
  }

  /**
   * The result of a piece whose rows are all added. A piece of which no row could be parsed is dropped.
   * @param withRows whether to return `rowsJson`
   */
  piece(evidenceId: string, withRows = false): ReadPiece {
    const { rows, content, hash } = this.#pieces.get(evidenceId) ?? emptyPiece(undefined);
    if (rows.length === 0) this.#pieces.delete(evidenceId);
    return {
      rows: rows.length,
      first: rows[0],
      content: excerpt(content.trimEnd()),
      contentHash: hash.copy().digest('hex'),
      rowsJson: withRows ? JSON.stringify(rows) : null,
    };
  }

  /** When the incident began, estimated from the pieces added so far. */
  estimateOnset(): Onset {
    this.analysis.read(this.evidence());
    return this.analysis.onset;
  }

  /** Call it once all pieces are added; agents run after it. */
  begin(onset: Onset): void {
    this.analysis.read(this.evidence(), onset);
  }

  run(agentName: string): AgentTurn & { readonly durationMs: number } {
    const startedAt = performance.now();
    const turn = this.analysis.run(agentName);
    return { ...turn, durationMs: Math.round(performance.now() - startedAt) };
  }

  /** @param policy version of the outcome policy; the current one when absent */
  decide(policy?: string): DecidedOutcome {
    return this.analysis.decide(policyNamed(policy));
  }

  /** @returns the briefing: the first message to the model */
  beginReview(): string {
    const { evidence, context } = this.analysis;
    this.#review = new Review(evidence, context, this.analysis.decide().outcome);
    return this.#review.briefing;
  }

  /** Executes the tool calls of one model turn; `calls` is empty when the model called none. */
  callTools(calls: readonly Pick<ToolCall, 'name' | 'input'>[]): {
    readonly outputs: readonly ToolOutput[];
    readonly isDone: boolean;
  } {
    const { review } = this;
    const outputs = calls.map(({ name, input }) => review.callTool(name, input));
    review.endTurn(calls.length);
    return { outputs, isDone: review.isDone };
  }

  /** @param failure why the review was cut short, as a sentence without its full stop */
  endReview(failure?: string): ReviewResult {
    return this.review.end(failure);
  }

  /** The open case in the evaluation format and, separately, its label; both masked. */
  evalCase(id: string, dataset: string, truth: KnownTruth, found: KnownTruth): MaskedCase {
    const [evidence, mask] = [this.evidence(), new Mask()];
    const masked = evalCaseOf(id, dataset, this.analysis.incident, evidence, mask);
    const label = mask.maskAll(evalLabelOf(dataset, truth, found, evidence));
    return { case: masked, label, masked: mask.fired };
  }

  private evidence(): EvidenceSet {
    const pieces = new Map<string, OpenPiece>();
    for (const piece of this.#pieces.values()) {
      // Deduplicates content that was attached twice, say by a client that retried after a lost response.
      getOrAdd(pieces, `${piece.head.type} ${piece.hash.copy().digest('hex')}`, () => piece);
    }
    // The rows were parsed by the piece's type, which the compiler cannot infer.
    return new EvidenceSet(
      [...pieces.values()].map(({ head, rows }) => ({ ...aboutOf(head), type: head.type, rows }) as Evidence),
    );
  }

  private get analysis(): CaseAnalysis {
    if (!this.#analysis) throw new Error('No case is open');
    return this.#analysis;
  }

  private get review(): Review {
    if (!this.#review) throw new Error('No review has begun');
    return this.#review;
  }
}

function aboutOf({ evidenceId, source, observedAt }: PieceHead) {
  return { evidenceId, source, summary: '', observedAt };
}

function emptyPiece<Head extends PieceHead | undefined>(head: Head) {
  return {
    head,
    rows: [] as Evidence['rows'][number][],
    hash: createHash('sha256'),
    content: '',
    offered: 0,
  };
}

/**
 * Deterministic sampling by a multiplicative (Fibonacci) hash of the row's index. Taking every n-th row instead could pick
 * rows of a single series.
 */
function isInSample(index: number, share: number): boolean {
  return share >= 1 || (Math.imul(index, 0x9e3779b1) >>> 0) / 2 ** 32 < share;
}
