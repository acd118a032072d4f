import { lookup } from 'node:dns';
import { Inject, Injectable } from '@nestjs/common';
import type { LanguageModel, ModelMessage } from 'ai';
import { Config } from '#kernel/config/config';
import type { LlmConfig } from '#kernel/config/llm-config';
import { exchange } from '#kernel/net/exchange';
import { OutboundFailedError } from '#kernel/net/outbound-errors';
import {
  type ChatAnswer,
  type ChatMessage,
  type ChatRequest,
  ModelChat,
  ModelFailedError,
  type ToolCall,
} from '../domain/review/model-chat.js';

const MAX_BYTES = 2 * 1024 * 1024;
/** For transient errors; the SDK honours the provider's Retry-After. */
const RETRIES = 1;

/** Calls the configured provider through the AI SDK, which is loaded at the first call. */
@Injectable()
export class AiSdkChat extends ModelChat {
  constructor(@Inject(Config) private readonly config: Config) {
    super();
  }

  async turn(request: ChatRequest, signal: AbortSignal): Promise<ChatAnswer> {
    const { llm } = this.config;
    if (!llm) throw new ModelFailedError('is not configured');
    return generate(
      await languageModel({ ...llm, model: request.model }),
      request,
      signal,
      llm.timeoutSeconds,
    );
  }
}

/** One turn with any model of the AI SDK. @throws ModelFailedError, or the abort reason of `signal` */
export async function generate(
  model: LanguageModel,
  { system, messages, tools, maxOutputTokens }: ChatRequest,
  signal: AbortSignal,
  timeoutSeconds: number,
): Promise<ChatAnswer> {
  const { generateText, jsonSchema } = await import('ai');
  // The SDK would write its warnings to the console instead of the log.
  Object.assign(globalThis, { AI_SDK_LOG_WARNINGS: false });
  const timeout = AbortSignal.timeout(timeoutSeconds * 1000);
  try {
    const { text, toolCalls, usage } = await generateText({
      model,
      system,
      messages: messages.map(modelMessage),
      tools: Object.fromEntries(
        tools.map(({ name, description, input }) => [
          name,
          { description, inputSchema: jsonSchema(input as Parameters<typeof jsonSchema>[0]) },
        ]),
      ),
      maxOutputTokens,
      maxRetries: RETRIES,
      abortSignal: AbortSignal.any([signal, timeout]),
    });
    const { inputTokens, outputTokens } = usage;
    return {
      text,
      calls: toolCalls.map((call): ToolCall => {
        const input: unknown = call.input;
        return { id: call.toolCallId, name: call.toolName, input };
      }),
      usage:
        inputTokens === undefined || outputTokens === undefined ? undefined : { inputTokens, outputTokens },
    };
  } catch (error) {
    signal.throwIfAborted();
    if (timeout.aborted) throw new ModelFailedError(`did not answer within ${timeoutSeconds} s`);
    throw new ModelFailedError(await reasonOf(error));
  }
}

async function languageModel(llm: LlmConfig): Promise<LanguageModel> {
  const settings = {
    fetch: boundedFetch(llm.timeoutSeconds),
    ...(llm.apiKey !== undefined && { apiKey: llm.apiKey }),
  };
  switch (llm.provider) {
    case 'openai-compatible': {
      const { createOpenAICompatible } = await import('@ai-sdk/openai-compatible');
      return createOpenAICompatible({ ...settings, name: 'llm', baseURL: llm.baseUrl ?? '' })(llm.model);
    }
    case 'anthropic': {
      const { createAnthropic } = await import('@ai-sdk/anthropic');
      return createAnthropic({ ...settings, ...(llm.baseUrl && { baseURL: llm.baseUrl }) })(llm.model);
    }
  }
}

/** A `fetch` with a time-out and a size cap. The operator configured the address, so private ones are allowed. */
function boundedFetch(timeoutSeconds: number): typeof fetch {
  return async (target, { method = 'GET', headers, body, signal } = {}) => {
    const url = new URL(target instanceof Request ? target.url : target);
    const call = {
      method,
      url: url.href,
      headers: Object.fromEntries(new Headers(headers)),
      ...(typeof body === 'string' && { body }),
      timeoutMs: timeoutSeconds * 1000,
      maxResponseBytes: MAX_BYTES,
      ...(signal && { signal }),
    };
    const answer = await exchange(url, call, lookup);
    const fields = Object.entries(answer.headers).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, String(value)] as [string, string]],
    );
    return new Response(new Uint8Array(answer.body), { status: answer.status, headers: fields });
  };
}

async function reasonOf(error: unknown): Promise<string> {
  const { APICallError, RetryError } = await import('ai');
  const cause = RetryError.isInstance(error) ? error.lastError : error;
  if (APICallError.isInstance(cause)) {
    if (cause.cause instanceof OutboundFailedError) return `could not be reached: ${cause.cause.reason}`;
    if (cause.statusCode === 429) return 'is rate-limited (status 429)';
    if (cause.statusCode !== undefined && cause.statusCode >= 400)
      return `answered with status ${cause.statusCode}`;
    return 'answered what cannot be read';
  }
  if (cause instanceof OutboundFailedError) return `could not be reached: ${cause.reason}`;
  return 'answered what cannot be read';
}

function modelMessage(message: ChatMessage): ModelMessage {
  switch (message.role) {
    case 'user':
      return { role: 'user', content: message.text };
    case 'assistant':
      return {
        role: 'assistant',
        content: [
          ...(message.text === '' ? [] : [{ type: 'text' as const, text: message.text }]),
          ...message.calls.map(({ id, name, input }) => ({
            type: 'tool-call' as const,
            toolCallId: id,
            toolName: name,
            input,
          })),
        ],
      };
    case 'tool':
      return {
        role: 'tool',
        content: message.results.map(({ call, text }) => ({
          type: 'tool-result' as const,
          toolCallId: call.id,
          toolName: call.name,
          output: { type: 'text' as const, value: text },
        })),
      };
  }
}
