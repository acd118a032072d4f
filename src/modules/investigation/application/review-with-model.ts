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
import type { RemoteDesk } from './desks.js';
import type { CallBook } from './model-calls.js';

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
    @Inject(Config) private readonly config: Config,
  ) {}

  /** @param model of the configured provider; the configured one when absent */
  async execute(desk: RemoteDesk, book: CallBook, signal: AbortSignal, model?: string): Promise<Reviewed> {
    const briefing = await desk.beginReview();
    const { llm } = this.config;
    if (!llm) return desk.endReview('No model is configured any more');
    const asked = { ...llm, model: model ?? llm.model };
    const mask = new Mask();
    const mark = randomBytes(6).toString('hex');
    const say = ({ data, isData }: CallAnswer) => (isData ? fenced(mask.mask(data), mark) : mask.mask(data));
    const messages: ChatMessage[] = [{ role: 'user', text: say({ data: briefing, isData: true }) }];
    for (;;) {
      const turn = await this.turn(asked, book, messages, mask, signal);
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
    llm: LlmConfig,
    book: CallBook,
    messages: readonly ChatMessage[],
    mask: Mask,
    signal: AbortSignal,
  ): Promise<ChatAnswer | string> {
    const { provider, model } = llm;
    const spent = await book.spent();
    const price = priceOf(model);
    const reserved = reserve(llm, spent, price, bytesOf({ system: RULES, messages, tools: TOOLS }));
    if (typeof reserved === 'string') return `Its budget of ${reserved} is spent`;
    const request = requestOf(model, messages, reserved);
    const turn = spent.turns + 1;
    const mayLeave = await book.reserve({
      turn,
      provider,
      model,
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
      await book.settle(turn, { inputTokens, outputTokens, costUsd, failure: null });
      return answer;
    } catch (error) {
      const failed = error instanceof ModelFailedError;
      if (!failed && !signal.aborted) throw error;
      const failure = failed ? error.reason : 'was given up';
      await book.settle(turn, { inputTokens: null, outputTokens: null, costUsd: null, failure });
      if (!failed) throw error;
      return `It ${failure}`;
    }
  }
}

function bytesOf(request: object): number {
  return Buffer.byteLength(JSON.stringify(request));
}

/** In its last turn it is offered nothing but to report. */
function requestOf(
  model: string,
  messages: readonly ChatMessage[],
  { isLast, maxOutputTokens }: Reservation,
): ChatRequest {
  const request = { model, system: RULES, messages, tools: TOOLS, maxOutputTokens };
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
