import type { EnvironmentReader } from './environment.js';

const PROVIDERS = ['none', 'openai-compatible', 'anthropic'] as const;

const MODEL_NAME = /^[\x21-\x7e]{1,200}$/;

/** The language model that reviews runs, and the limits of one run. */
export interface LlmConfig {
  readonly provider: 'openai-compatible' | 'anthropic';
  /** Undefined means the provider's default. */
  readonly baseUrl: string | undefined;
  readonly model: string;
  /** Further models of the provider, for replays only. */
  readonly replayModels: readonly string[];
  readonly apiKey: string | undefined;
  readonly maxTurns: number;
  /** Input and output tokens of a run together. */
  readonly maxTokens: number;
  readonly maxCostUsd: number;
  readonly timeoutSeconds: number;
}

/** @returns undefined unless LLM_PROVIDER is set: then no model is called and no model library is loaded */
export function readLlm(read: EnvironmentReader): LlmConfig | undefined {
  const provider = read.oneOf('LLM_PROVIDER', PROVIDERS, 'none');
  const baseUrl = read.url('LLM_BASE_URL', ['https:', 'http:']);
  const model = read.matching('LLM_MODEL', MODEL_NAME, 'the name of a model');
  const replayModels = read.list('LLM_REPLAY_MODELS', (name) => MODEL_NAME.test(name), 'names of models');
  const apiKey = read.matching('LLM_API_KEY', /^[\x21-\x7e]+$/, 'printable ASCII characters without spaces');
  const limits = {
    maxTurns: read.integer('LLM_MAX_TURNS', 6, 1, 50),
    maxTokens: read.integer('LLM_MAX_TOKENS', 60_000, 1000, 10_000_000),
    maxCostUsd: readMoney(read, 'LLM_MAX_COST_USD_PER_RUN', 0.5),
    timeoutSeconds: read.integer('LLM_TIMEOUT_SECONDS', 60, 1, 600),
  };
  if (provider === 'none') {
    // The author of half a configuration believes that the model is in use.
    if (read.text('LLM_PROVIDER') === undefined && (baseUrl ?? model ?? apiKey) !== undefined)
      read.fault('LLM_PROVIDER is missing, but other LLM variables are set.');
    return undefined;
  }
  if (model === undefined) read.fault('LLM_MODEL is missing: it is required with LLM_PROVIDER.');
  if (provider === 'openai-compatible' && read.text('LLM_BASE_URL') === undefined)
    read.fault('LLM_BASE_URL is missing: an OpenAI-compatible model needs its address.');
  if (provider === 'anthropic' && apiKey === undefined)
    read.fault('LLM_API_KEY is missing: Anthropic requires one.');
  return { provider, baseUrl, model: model ?? '', replayModels, apiKey, ...limits };
}

function readMoney(read: EnvironmentReader, name: string, fallback: number): number {
  return Number(read.matching(name, /^\d{1,6}(\.\d{1,6})?$/, 'an amount like 0.50') ?? fallback);
}
