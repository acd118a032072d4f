import { costOf, type ModelPrice } from './model-prices.js';

export interface BudgetLimits {
  readonly maxTurns: number;
  readonly maxTokens: number;
  readonly maxCostUsd: number;
}

export interface ModelUsage {
  readonly turns: number;
  readonly tokens: number;
  readonly costUsd: number;
}

/** The maximum that the next call may use. */
export interface Reservation {
  readonly maxOutputTokens: number;
  readonly tokens: number;
  readonly costUsd: number;
  /** Whether the budget left after this call would not pay for another one of the same size. */
  readonly isLast: boolean;
}

const MAX_OUTPUT = 4_000;
/** With fewer output tokens answers are usually truncated. */
const MIN_OUTPUT = 300;
/** A conservative estimate: about four bytes for ordinary text, about two for ids and hashes. */
const BYTES_PER_TOKEN = 2;

/** @returns the reservation for a request of `requestBytes` bytes, or the limit that is used up */
export function reserve(
  { maxTurns, maxTokens, maxCostUsd }: BudgetLimits,
  spent: ModelUsage,
  price: ModelPrice,
  requestBytes: number,
): Reservation | 'turns' | 'tokens' | 'money' {
  if (spent.turns >= maxTurns) return 'turns';
  const input = Math.ceil(requestBytes / BYTES_PER_TOKEN);
  const byTokens = maxTokens - spent.tokens - input;
  if (byTokens < MIN_OUTPUT) return 'tokens';
  const moneyLeft = maxCostUsd - spent.costUsd - costOf(price, input, 0);
  const byMoney = Math.floor((moneyLeft * 1_000_000) / price.output);
  if (!(byMoney >= MIN_OUTPUT)) return 'money';
  const maxOutputTokens = Math.min(MAX_OUTPUT, byTokens, byMoney);
  const tokens = input + maxOutputTokens;
  const costUsd = costOf(price, input, maxOutputTokens);
  const isLast =
    spent.turns + 1 >= maxTurns ||
    maxTokens - spent.tokens - tokens < input + MIN_OUTPUT ||
    maxCostUsd - spent.costUsd - costUsd < costOf(price, input, MIN_OUTPUT);
  return { maxOutputTokens, tokens, costUsd, isLast };
}
