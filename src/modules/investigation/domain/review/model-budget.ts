import { costOf, type ModelPrice } from './model-prices.js';

export interface BudgetLimits {
  readonly maxTurns: number;
  readonly maxTokens: number;
  readonly maxCostUsd: number;
}

export interface Spent {
  readonly turns: number;
  readonly tokens: number;
  readonly costUsd: number;
}

/** What the next call may use up at most. */
export interface Reservation {
  readonly maxOutputTokens: number;
  readonly tokens: number;
  readonly costUsd: number;
  /** Whether another call can hardly be paid for after this one. */
  readonly isLast: boolean;
}

const MOST_OUTPUT = 4_000;
/** With fewer an answer breaks off in the middle. */
const LEAST_OUTPUT = 300;
/** Of ordinary text a token is about four bytes; of ids and hashes about two, and they must fit as well. */
const BYTES_PER_TOKEN = 2;

/** @returns what may be set aside for a request of so many bytes, or which of the limits is used up */
export function reserve(
  { maxTurns, maxTokens, maxCostUsd }: BudgetLimits,
  spent: Spent,
  price: ModelPrice,
  requestBytes: number,
): Reservation | 'turns' | 'tokens' | 'money' {
  if (spent.turns >= maxTurns) return 'turns';
  const input = Math.ceil(requestBytes / BYTES_PER_TOKEN);
  const byTokens = maxTokens - spent.tokens - input;
  if (byTokens < LEAST_OUTPUT) return 'tokens';
  const moneyLeft = maxCostUsd - spent.costUsd - costOf(price, input, 0);
  const byMoney = Math.floor((moneyLeft * 1_000_000) / price.output);
  if (!(byMoney >= LEAST_OUTPUT)) return 'money';
  const maxOutputTokens = Math.min(MOST_OUTPUT, byTokens, byMoney);
  const tokens = input + maxOutputTokens;
  const costUsd = costOf(price, input, maxOutputTokens);
  const isLast =
    spent.turns + 1 >= maxTurns ||
    maxTokens - spent.tokens - tokens < input + LEAST_OUTPUT ||
    maxCostUsd - spent.costUsd - costUsd < costOf(price, input, LEAST_OUTPUT);
  return { maxOutputTokens, tokens, costUsd, isLast };
}
