import { type AgentReport, type InvestigationContext, reportOf } from '../agents/agent.js';
import type { EvidenceSet } from '../evidence/evidence-set.js';
import type { Finding } from '../finding.js';
import type { Hypothesis } from '../hypothesis.js';
import { count } from '../wording.js';
import type { Outcome } from '../outcome/decide-outcome.js';
import { briefing } from './briefing.js';
import { type Candidate, candidatesOf } from './candidates.js';
import { type CaseText, caseText } from './citable.js';
import { callTool } from './evidence-tools.js';
import { REPORT_TOOL, validateReport } from './model-report.js';

/** The name of the step in which the configured model reviews the run. Stored data. */
export const MODEL_REVIEW = 'model review';

/** Turns without a valid tool call or statement, after which the review ends. */
const MAX_USELESS_TURNS = 2;
const MAX_CALLS = 40;
const MAX_STATEMENTS = 12;

/** The result of a review. */
export interface ReviewResult {
  readonly report: AgentReport;
  /** What the run lacks if the review failed, as noun phrases for `missingEvidence`. */
  readonly missing: readonly string[];
}

/** The result of a tool call. */
export interface ToolOutput {
  readonly text: string;
  /** Whether the text contains evidence, which outsiders may have written. */
  readonly isUntrusted: boolean;
}

/** The state of one review: executes the model's tool calls, collects valid statements and summarises at the end. */
export class Review {
  readonly #findings: Finding[] = [];
  readonly #hypotheses = new Map<string, Hypothesis>();
  #calls = 0;
  #unknownCalls = 0;
  #refusedStatements = 0;
  #uselessTurns = 0;
  #isTurnUseful = false;
  #isFinal = false;

  readonly #text: CaseText;
  readonly #candidates: readonly Candidate[];

  constructor(
    private readonly evidence: EvidenceSet,
    private readonly context: InvestigationContext,
    private readonly outcome: Outcome,
  ) {
    this.#text = caseText(evidence, context);
    this.#candidates = candidatesOf(evidence, context);
  }

  /** The first message to the model. */
  get briefing(): string {
    return briefing(this.context, this.outcome, this.#candidates);
  }

  get isDone(): boolean {
    return this.#isFinal || this.#uselessTurns >= MAX_USELESS_TURNS || this.#calls >= MAX_CALLS;
  }

  callTool(name: string, input: unknown): ToolOutput {
    this.#calls += 1;
    if (name === REPORT_TOOL.name) return { text: this.report(input), isUntrusted: false };
    const text = callTool({ evidence: this.evidence, text: this.#text }, name, input);
    if (text !== undefined) {
      this.#isTurnUseful = true;
      return { text, isUntrusted: true };
    }
    this.#unknownCalls += 1;
    return { text: 'There is no such tool. You can only read evidence and report.', isUntrusted: false };
  }

  /** @param calls tool calls in the turn; a turn without any after a report ends the review, as many models do */
  endTurn(calls: number): void {
    if (!this.#isTurnUseful) this.#uselessTurns += 1;
    this.#isTurnUseful = false;
    if (calls === 0 && this.#findings.length > 0) this.#isFinal = true;
  }

  /** @param failure why the review was cut short, as a sentence without its full stop */
  end(failure?: string): ReviewResult {
    const [findings, hypotheses] = [this.#findings, [...this.#hypotheses.values()]];
    const why = failure ?? (findings.length === 0 ? 'Nothing it said held against the evidence' : undefined);
    const missing =
      why === undefined
        ? []
        : [`a language model that can be used (${why.charAt(0).toLowerCase()}${why.slice(1)})`];
    const message = this.summary(why, findings.length, hypotheses.length);
    return { report: reportOf(MODEL_REVIEW, message, { findings, hypotheses }), missing };
  }

  private summary(why: string | undefined, findings: number, hypotheses: number): string {
    const [refused, unknown] = [this.#refusedStatements, this.#unknownCalls];
    const sentences = why === undefined ? [] : [why];
    sentences.push(
      findings === 0
        ? 'The run goes on without a model'
        : `It explained the case in ${count(findings, 'cited sentence')} and proposed ${count(hypotheses, 'hypothesis', 'hypotheses')}`,
    );
    if (refused > 0)
      sentences.push(
        `${count(refused, 'statement')} did not hold and ${refused === 1 ? 'was' : 'were'} left out`,
      );
    if (unknown > 0)
      sentences.push(
        `${count(unknown, 'call')} of something it does not have ${unknown === 1 ? 'was' : 'were'} refused`,
      );
    return sentences.map((sentence) => `${sentence}.`).join(' ');
  }

  private report(input: unknown): string {
    const statements = this.context.reports.flatMap(({ findings }) =>
      findings.map(({ statement }) => statement),
    );
    const valid = validateReport(input, { text: this.#text, candidates: this.#candidates, statements });
    this.#refusedStatements += valid.refused.length;
    for (const each of valid.findings) {
      const isNew = this.#findings.every(({ statement }) => statement !== each.statement);
      if (isNew && this.#findings.length < MAX_STATEMENTS) this.#findings.push(each);
    }
    for (const each of valid.hypotheses)
      if (this.#hypotheses.size < MAX_STATEMENTS) this.#hypotheses.set(each.statement, each);
    if (valid.findings.length + valid.hypotheses.length > 0) this.#isTurnUseful = true;
    this.#isFinal = valid.isFinal && this.#findings.length > 0;
    return valid.refused.length === 0 ? 'Taken.' : `Not taken: ${valid.refused.join(' ')}`;
  }
}
