import { type AgentReport, type InvestigationContext, reportOf } from '../agents/agent.js';
import type { EvidenceSet } from '../evidence/evidence-set.js';
import type { Finding } from '../finding.js';
import type { Hypothesis } from '../hypothesis.js';
import { count } from '../wording.js';
import type { Outcome } from '../outcome/decide-outcome.js';
import { briefing } from './briefing.js';
import { type Candidate, candidatesOf } from './candidates.js';
import { type CaseText, caseText } from './citable.js';
import { useTool } from './evidence-tools.js';
import { REPORT_TOOL, takeReport } from './model-report.js';

/** The step of a run in which the configured model has its say. */
export const MODEL_REVIEW = 'model review';

/** Turns in which nothing was of any use. */
const MOST_NONSENSE = 2;
const MOST_CALLS = 40;
const MOST_STATEMENTS = 12;

/** What came of a review. */
export interface Reviewed {
  readonly report: AgentReport;
  /** What the run misses because of it, as noun phrases. */
  readonly lacking: readonly string[];
}

/** What to tell the model; `isData` where strangers wrote it. */
export interface CallAnswer {
  readonly data: string;
  readonly isData: boolean;
}

/** One review as it goes: carries out what the model asks for, keeps what holds, and says in the end what came of it. */
export class Review {
  readonly #findings: Finding[] = [];
  readonly #hypotheses = new Map<string, Hypothesis>();
  #calls = 0;
  #unknown = 0;
  #refused = 0;
  #nonsense = 0;
  #isOfUse = false;
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

  /** What the model is told first. */
  get briefing(): string {
    return briefing(this.context, this.outcome, this.#candidates);
  }

  get isDone(): boolean {
    return this.#isFinal || this.#nonsense >= MOST_NONSENSE || this.#calls >= MOST_CALLS;
  }

  use(name: string, input: unknown): CallAnswer {
    this.#calls += 1;
    if (name === REPORT_TOOL.name) return { data: this.report(input), isData: false };
    const data = useTool({ evidence: this.evidence, text: this.#text }, name, input);
    if (data !== undefined) {
      this.#isOfUse = true;
      return { data, isData: true };
    }
    this.#unknown += 1;
    return { data: 'There is no such tool. You can only read evidence and report.', isData: false };
  }

  /** @param calledNothing after a report that is how many models end */
  endTurn(calledNothing: boolean): void {
    if (!this.#isOfUse) this.#nonsense += 1;
    this.#isOfUse = false;
    if (calledNothing && this.#findings.length > 0) this.#isFinal = true;
  }

  /** @param trouble why it did not come to an end by itself, as a sentence without its full stop */
  end(trouble?: string): Reviewed {
    const [findings, hypotheses] = [this.#findings, [...this.#hypotheses.values()]];
    const why = trouble ?? (findings.length === 0 ? 'Nothing it said held against the evidence' : undefined);
    const heard =
      findings.length === 0
        ? 'The run goes on without a model'
        : `It explained the case in ${count(findings.length, 'cited sentence')} and proposed ${count(hypotheses.length, 'hypothesis', 'hypotheses')}`;
    const dropped =
      this.#refused > 0
        ? [
            `${count(this.#refused, 'statement')} did not hold and ${this.#refused === 1 ? 'was' : 'were'} left out`,
          ]
        : [];
    const forbidden =
      this.#unknown > 0
        ? [
            `${count(this.#unknown, 'call')} of something it does not have ${this.#unknown === 1 ? 'was' : 'were'} refused`,
          ]
        : [];
    const sentences = [...(why === undefined ? [] : [why]), heard, ...dropped, ...forbidden];
    return {
      report: reportOf(MODEL_REVIEW, sentences.map((sentence) => `${sentence}.`).join(' '), {
        findings,
        hypotheses,
      }),
      lacking:
        why === undefined
          ? []
          : [`a language model that can be used (${why.charAt(0).toLowerCase()}${why.slice(1)})`],
    };
  }

  private report(input: unknown): string {
    const statements = this.context.reports.flatMap(({ findings }) =>
      findings.map(({ statement }) => statement),
    );
    const taken = takeReport(input, { text: this.#text, candidates: this.#candidates, statements });
    this.#refused += taken.refused.length;
    for (const each of taken.findings) {
      const isNew = this.#findings.every(({ statement }) => statement !== each.statement);
      if (isNew && this.#findings.length < MOST_STATEMENTS) this.#findings.push(each);
    }
    for (const each of taken.hypotheses)
      if (this.#hypotheses.size < MOST_STATEMENTS) this.#hypotheses.set(each.statement, each);
    if (taken.findings.length + taken.hypotheses.length > 0) this.#isOfUse = true;
    this.#isFinal = taken.isFinal && this.#findings.length > 0;
    return taken.refused.length === 0 ? 'Taken.' : `Not taken: ${taken.refused.join(' ')}`;
  }
}
