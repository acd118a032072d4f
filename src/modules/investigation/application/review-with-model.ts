import { randomBytes } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { Config } from '#kernel/config/config';
import type { LlmConfig } from '#kernel/config/llm-config';
import { sha256Hex } from '#kernel/crypto/secrets';
import { Mask } from '../domain/masking.js';
import { fenced, RULES } from '../domain/review/briefing.js';
import { EVIDENCE_TOOLS } from '../domain/review/evidence-tools.js';
import { reserve, type Reservation } from '../domain/review/model-budget.js';
import {
  type ChatAnswer,
  type ChatMessage,
  type ChatRequest,
  ModelChat,
  ModelFailedError,
  type ToolCall,
  type ToolDescription,
} from '../domain/review/model-chat.js';
import { costOf, priceOf } from '../domain/review/model-prices.js';
import { REPORT_TOOL } from '../domain/review/model-report.js';
import type { CallAnswer, Reviewed } from '../domain/review/review.js';
import type { Run } from '../domain/run.js';
import type { RemoteDesk } from './desks.js';
import { ModelCalls } from './model-calls.js';

const TOOLS: readonly ToolDescription[] = [
  ...EVIDENCE_TOOLS.map(({ name, description, input }) => ({ name, description, input })),
  REPORT_TOOL,
];

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

  async execute(desk: RemoteDesk, run: Run, signal: AbortSignal): Promise<Reviewed> {
    const briefing = await desk.beginReview();
    const { llm } = this.config;
    if (!llm) return desk.endReview('No model is configured any more');
    const mask = new Mask();
    const mark = randomBytes(6).toString('hex');
    const say = ({ data, isData }: CallAnswer) => (isData ? fenced(mask.mask(data), mark) : mask.mask(data));
    const messages: ChatMessage[] = [{ role: 'user', text: say({ data: briefing, isData: true }) }];
    for (;;) {
      const turn = await this.turn(run, llm, messages, mask, signal);
      if (typeof turn === 'string') return desk.endReview(turn);
      const { text, calls } = turn;
      const { answers, isDone } = await desk.answerModel(
        calls.map(({ name, input }) => ({ name, input: unmasked(input, mask) })),
      );
      if (isDone) return desk.endReview();
      messages.push({ role: 'assistant', text, calls }, replyTo(calls, answers.map(say)));
    }
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
      const failed = error instanceof ModelFailedError;
      if (!failed && !signal.aborted) throw error;
      const failure = failed ? error.reason : 'was given up';
      const settled = { inputTokens: null, outputTokens: null, costUsd: null, failure };
      await this.calls.settle(tenantId, investigationId, turn, settled);
      if (!failed) throw error;
      return `It ${failure}`;
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

/** What its tool calls brought; or a reminder when it called none. */
function replyTo(calls: readonly ToolCall[], answers: readonly string[]): ChatMessage {
  if (calls.length === 0) return { role: 'user', text: 'Call a tool: look into the evidence, or report.' };
  return { role: 'tool', results: calls.map((call, at) => ({ call, text: answers[at] ?? '' })) };
}

function unmasked(input: unknown, mask: Mask): unknown {
  if (typeof input === 'string') return mask.unmask(input);
  if (Array.isArray(input)) return input.map((item: unknown) => unmasked(item, mask));
  if (typeof input !== 'object' || input === null) return input;
  return Object.fromEntries(Object.entries(input).map(([name, value]) => [name, unmasked(value, mask)]));
}
