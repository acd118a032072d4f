import type { Json } from '../finding.js';

export interface ToolCall {
  readonly id: string;
  readonly name: string;
  /** As the model wrote it; not validated. */
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

/** A tool as it is described to the model. */
export interface ToolDescription {
  readonly name: string;
  readonly description: string;
  /** JSON Schema of its input, an object. */
  readonly input: { readonly [key: string]: Json };
}

/** A request to the model. Its texts are masked. */
export interface ChatRequest {
  /** The provider's name of the model. */
  readonly model: string;
  readonly system: string;
  readonly messages: readonly ChatMessage[];
  readonly tools: readonly ToolDescription[];
  readonly maxOutputTokens: number;
}

export interface ChatAnswer {
  readonly text: string;
  readonly calls: readonly ToolCall[];
  /** Undefined when the provider does not report it. */
  readonly usage: { readonly inputTokens: number; readonly outputTokens: number } | undefined;
}

/** The model did not answer, or its answer could not be parsed. */
export class ModelFailedError extends Error {
  override readonly name = 'ModelFailedError';

  /** @param reason completes the sentence "It …" */
  constructor(readonly reason: string) {
    super(`The model failed: it ${reason}.`);
  }
}

/** One turn of a conversation with the configured model. */
export abstract class ModelChat {
  /** @throws ModelFailedError, or the abort reason of `signal` */
  abstract turn(request: ChatRequest, signal: AbortSignal): Promise<ChatAnswer>;
}
