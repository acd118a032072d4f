import { randomBytes } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { Config } from '#kernel/config/config';
import type { LlmConfig } from '#kernel/config/llm-config';
import { sha256Hex } from '#kernel/crypto/secrets';
import { Mask } from '../../domain/masking.js';
import { fenced, RULES } from '../../domain/review/briefing.js';
import { EVIDENCE_TOOLS } from '../../domain/review/evidence-tools.js';
import { reserve, type Reservation } from '../../domain/review/model-budget.js';
import {
  type ChatAnswer,
  type ChatMessage,
  type ChatRequest,
  ModelChat,
  ModelFailedError,
  type ToolCall,
  type ToolDescription,
} from '../../domain/review/model-chat.js';
import { costOf, priceOf } from '../../domain/review/model-prices.js';
import { REPORT_TOOL } from '../../domain/review/model-report.js';
import type { ToolOutput, ReviewResult } from '../../domain/review/review.js';
import type { RemoteAnalyser } from '../analysis/analyser-pool.js';
import type { CallLedger } from './model-calls.js';

const TOOLS: readonly ToolDescription[] = [
  ...EVIDENCE_TOOLS.map(({ name, description, input }) => ({ name, description, input })),
  REPORT_TOOL,
];

/**
 * Lets the configured model read the run's evidence, explain the case and propose hypotheses, within a budget. The run
 * continues whatever happens to the model; statements that were validated against the evidence by then are kept.
 */
@Injectable()
export class ReviewWithModel {
  constructor(
    private readonly chat: ModelChat,
    @Inject(Config) private readonly config: Config,
  ) {}

  /** @param model a model of the configured provider; `LLM_MODEL` when absent */
  async execute(
    analyser: RemoteAnalyser,
    ledger: CallLedger,
    signal: AbortSignal,
    model?: string,
  ): Promise<ReviewResult> {
    const briefing = await analyser.beginReview();
    const { llm } = this.config;
    if (!llm) return analyser.endReview('No model is configured any more');
    const config = { ...llm, model: model ?? llm.model };
    const mask = new Mask();
    const fence = randomBytes(6).toString('hex');
    const render = ({ text, isUntrusted }: ToolOutput) =>
      isUntrusted ? fenced(mask.mask(text), fence) : mask.mask(text);
    const messages: ChatMessage[] = [{ role: 'user', text: render({ text: briefing, isUntrusted: true }) }];
    for (;;) {
      const answer = await this.turn(config, ledger, messages, mask, signal);
      if (typeof answer === 'string') return analyser.endReview(answer);
      const { text, calls } = answer;
      const { outputs, isDone } = await analyser.callTools(
        calls.map(({ name, input }) => ({ name, input: unmasked(input, mask) })),
      );
      if (isDone) return analyser.endReview();
      messages.push({ role: 'assistant', text, calls }, replyTo(calls, outputs.map(render)));
    }
  }

  /** @returns the model's answer, or a sentence why there is none */
  private async turn(
    llm: LlmConfig,
    ledger: CallLedger,
    messages: readonly ChatMessage[],
    mask: Mask,
    signal: AbortSignal,
  ): Promise<ChatAnswer | string> {
    const { provider, model } = llm;
    const spent = await ledger.spent();
    const price = priceOf(model);
    const reserved = reserve(llm, spent, price, bytesOf({ system: RULES, messages, tools: TOOLS }));
    if (typeof reserved === 'string') return `Its budget of ${reserved} is spent`;
    const request = requestOf(model, messages, reserved);
    const turn = spent.turns + 1;
    const isReserved = await ledger.reserve({
      turn,
      provider,
      model,
      sentHash: sha256Hex(JSON.stringify(request)),
      sentBytes: bytesOf(request),
      masked: mask.fired,
      reservedTokens: reserved.tokens,
      reservedUsd: reserved.costUsd,
    });
    if (!isReserved) return 'The run was ended';
    try {
      const answer = await this.chat.turn(request, signal);
      const { inputTokens = null, outputTokens = null } = answer.usage ?? {};
      const costUsd = answer.usage
        ? costOf(price, answer.usage.inputTokens, answer.usage.outputTokens)
        : null;
      await ledger.settle(turn, { inputTokens, outputTokens, costUsd, failure: null });
      return answer;
    } catch (error) {
      const failed = error instanceof ModelFailedError;
      if (!failed && !signal.aborted) throw error;
      const failure = failed ? error.reason : 'was given up';
      await ledger.settle(turn, { inputTokens: null, outputTokens: null, costUsd: null, failure });
      if (!failed) throw error;
      return `It ${failure}`;
    }
  }
}

function bytesOf(request: object): number {
  return Buffer.byteLength(JSON.stringify(request));
}

/** In its last turn the model only gets the report tool. */
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

/** The results of the tool calls, or a reminder when the model called none. */
function replyTo(calls: readonly ToolCall[], outputs: readonly string[]): ChatMessage {
  if (calls.length === 0) return { role: 'user', text: 'Call a tool: look into the evidence, or report.' };
  return { role: 'tool', results: calls.map((call, i) => ({ call, text: outputs[i] ?? '' })) };
}

function unmasked(input: unknown, mask: Mask): unknown {
  if (typeof input === 'string') return mask.unmask(input);
  if (Array.isArray(input)) return input.map((item: unknown) => unmasked(item, mask));
  if (typeof input !== 'object' || input === null) return input;
  return Object.fromEntries(Object.entries(input).map(([name, value]) => [name, unmasked(value, mask)]));
}
