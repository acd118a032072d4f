import { randomBytes } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { Config } from '#kernel/config/config';
import type { LlmConfig } from '#kernel/config/llm-config';
import { sha256Hex } from '#kernel/crypto/secrets';
import type { AgentReport, InvestigationContext } from '../domain/agents/agent.js';
import { decideOutcome } from '../domain/decide-outcome.js';
import type { EvidenceSet } from '../domain/evidence-set.js';
import { Mask } from '../domain/masking.js';
import { outcomeInputs } from '../domain/outcome-inputs.js';
import { candidatesOf } from '../domain/review/candidates.js';
import { caseText } from '../domain/review/citable.js';
import { briefing, fenced, RULES } from '../domain/review/briefing.js';
import { EVIDENCE_TOOLS } from '../domain/review/evidence-tools.js';
import { reserve, type Reservation } from '../domain/review/model-budget.js';
import {
  type ChatAnswer,
  type ChatMessage,
  type ChatRequest,
  ModelChat,
  ModelFailedError,
  type ToolDescription,
} from '../domain/review/model-chat.js';
import { costOf, priceOf } from '../domain/review/model-prices.js';
import { REPORT_TOOL } from '../domain/review/model-report.js';
import { Review } from '../domain/review/review.js';
import type { Run } from '../domain/run.js';
import { ModelCalls } from './model-calls.js';

export interface ModelReview {
  readonly report: AgentReport;
  /** What the run lacks because the model could not be used. */
  readonly lacking: readonly string[];
}

const TOOLS: readonly ToolDescription[] = [
  ...EVIDENCE_TOOLS.map(({ name, description, input }) => ({ name, description, input })),
  REPORT_TOOL,
];

const NOTHING = { text: new Map(), candidates: [] };

/**
 * Lets the configured model look into the run's evidence, explain and propose, within its budget. Whatever happens to it,
 * the run goes on: what the model said by then and what holds against the evidence is kept, the rest is not.
 */
@Injectable()
export class ReviewWithModel {
  constructor(
    private readonly chat: ModelChat,
    private readonly calls: ModelCalls,
    @Inject(Config) private readonly config: Config,
  ) {}

  async execute(
    run: Run,
    evidence: EvidenceSet,
    context: InvestigationContext,
    signal: AbortSignal,
  ): Promise<ModelReview> {
    const { llm } = this.config;
    if (!llm) return new Review(evidence, context, NOTHING).end('No model is configured any more');
    const outcome = decideOutcome(outcomeInputs(context.reports, evidence, context));
    const candidates = candidatesOf(evidence, context);
    const review = new Review(evidence, context, { text: caseText(evidence, context), candidates });
    const mask = new Mask();
    const mark = randomBytes(6).toString('hex');
    const say = (data: string) => fenced(mask.mask(data), mark);
    const messages: ChatMessage[] = [{ role: 'user', text: say(briefing(context, outcome, candidates)) }];
    while (!review.isDone) {
      const turn = await this.turn(run, llm, messages, mask, signal);
      if (typeof turn === 'string') return review.end(turn);
      messages.push(
        { role: 'assistant', text: turn.text, calls: turn.calls },
        ...answers(review, turn, mask, say),
      );
    }
    return review.end();
  }

  /** @returns the answer, or why there is none */
  private async turn(
    { tenantId, investigationId }: Run,
    llm: LlmConfig,
    messages: readonly ChatMessage[],
    mask: Mask,
    signal: AbortSignal,
  ): Promise<ChatAnswer | string> {
    const spent = await this.calls.spent(tenantId, investigationId);
    const price = priceOf(llm.model);
    const reserved = reserve(llm, spent, price, bytesOf({ system: RULES, messages, tools: TOOLS }));
    if (typeof reserved === 'string') return `Its budget of ${reserved} is spent`;
    const request = requestOf(messages, reserved);
    const turn = spent.turns + 1;
    const mayLeave = await this.calls.reserve(tenantId, {
      investigationId,
      turn,
      provider: llm.provider,
      model: llm.model,
      sentHash: sha256Hex(JSON.stringify(request)),
      sentBytes: bytesOf(request),
      masked: mask.fired,
      reservedTokens: reserved.tokens,
      reservedUsd: reserved.costUsd,
    });
    if (!mayLeave) return 'The run was ended';
    try {
      const answer = await this.chat.turn(request, signal);
      const { inputTokens = null, outputTokens = null } = answer.usage ?? {};
      const costUsd = answer.usage
        ? costOf(price, answer.usage.inputTokens, answer.usage.outputTokens)
        : null;
      const settled = { inputTokens, outputTokens, costUsd, failure: null };
      await this.calls.settle(tenantId, investigationId, turn, settled);
      return answer;
    } catch (error) {
      if (!(error instanceof ModelFailedError)) throw error;
      const settled = { inputTokens: null, outputTokens: null, costUsd: null, failure: error.reason };
      await this.calls.settle(tenantId, investigationId, turn, settled);
      return `It ${error.reason}`;
    }
  }
}

function bytesOf(request: object): number {
  return Buffer.byteLength(JSON.stringify(request));
}

/** In its last turn it is offered nothing but to report. */
function requestOf(messages: readonly ChatMessage[], { isLast, maxOutputTokens }: Reservation): ChatRequest {
  const request = { system: RULES, messages, tools: TOOLS, maxOutputTokens };
  if (!isLast) return request;
  const last = { role: 'user', text: 'This is your last turn: report now.' } as const;
  return { ...request, messages: [...messages, last], tools: [REPORT_TOOL] };
}

/** What the model's tool calls brought, masked and fenced; or a reminder when it called none. */
function answers(
  review: Review,
  { calls }: ChatAnswer,
  mask: Mask,
  say: (data: string) => string,
): ChatMessage[] {
  if (calls.length === 0) {
    review.endTurn(true);
    return [{ role: 'user', text: 'Call a tool: look into the evidence, or report.' }];
  }
  const results = calls.map((call) => {
    const { data, isData } = review.use(call.name, unmasked(call.input, mask));
    return { call, text: isData ? say(data) : mask.mask(data) };
  });
  review.endTurn(false);
  return [{ role: 'tool', results }];
}

function unmasked(input: unknown, mask: Mask): unknown {
  if (typeof input === 'string') return mask.unmask(input);
  if (Array.isArray(input)) return input.map((item: unknown) => unmasked(item, mask));
  if (typeof input !== 'object' || input === null) return input;
  return Object.fromEntries(Object.entries(input).map(([name, value]) => [name, unmasked(value, mask)]));
}
