import type { Json } from '../finding.js';

export interface ToolCall {
  readonly id: string;
  readonly name: string;
  /** As the model wrote it: anything. */
  readonly input: unknown;
}

export type ChatMessage =
  | { readonly role: 'user'; readonly text: string }
  | { readonly role: 'assistant'; readonly text: string; readonly calls: readonly ToolCall[] }
  | { readonly role: 'tool'; readonly results: readonly ToolResult[] };

export interface ToolResult {
  readonly call: ToolCall;
  readonly text: string;
}

/** A tool as the model is told of it. */
export interface ToolDescription {
  readonly name: string;
  readonly description: string;
  /** JSON Schema of its input, an object. */
  readonly input: { readonly [key: string]: Json };
}

/** Everything that leaves, masked. */
export interface ChatRequest {
  /** Its name, as the provider writes it. */
  readonly model: string;
  readonly system: string;
  readonly messages: readonly ChatMessage[];
  readonly tools: readonly ToolDescription[];
  readonly maxOutputTokens: number;
}

export interface ChatAnswer {
  readonly text: string;
  readonly calls: readonly ToolCall[];
  /** Undefined where the provider does not tell. */
  readonly usage: { readonly inputTokens: number; readonly outputTokens: number } | undefined;
}

/** The model did not answer, or nothing that could be read. */
export class ModelFailedError extends Error {
  override readonly name = 'ModelFailedError';

  /** @param reason part of a sentence: "it …" */
  constructor(readonly reason: string) {
    super(`The model failed: it ${reason}.`);
  }
}

/** One turn of a conversation with the configured model. */
export abstract class ModelChat {
  /** @throws ModelFailedError, or whatever `signal` was aborted with */
  abstract turn(request: ChatRequest, signal: AbortSignal): Promise<ChatAnswer>;
}
