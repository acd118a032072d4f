/** US dollars per million tokens, as listed on the date `asOf` (ISO 8601). */
export interface ModelPrice {
  readonly model: string;
  readonly asOf: string;
  readonly input: number;
  readonly output: number;
}

/** List prices, without discounts for caches or batches. The first entry whose name is a prefix of the model's name is used. */
export const MODEL_PRICES: readonly ModelPrice[] = [
  { model: 'claude-opus-4-6', asOf: '2026-03-21', input: 5, output: 25 },
  { model: 'claude-opus-4-5', asOf: '2026-03-21', input: 5, output: 25 },
  { model: 'claude-opus-4', asOf: '2026-03-21', input: 15, output: 75 },
  { model: 'claude-sonnet-4', asOf: '2026-03-21', input: 3, output: 15 },
  { model: 'claude-haiku-4-5', asOf: '2026-03-21', input: 1, output: 5 },
  { model: 'gpt-5-mini', asOf: '2025-10-01', input: 0.25, output: 2 },
  { model: 'gpt-5', asOf: '2025-10-01', input: 1.25, output: 10 },
  { model: 'gpt-4.1-mini', asOf: '2025-10-01', input: 0.4, output: 1.6 },
  { model: 'gpt-4.1', asOf: '2025-10-01', input: 2, output: 8 },
  { model: 'gpt-4o-mini', asOf: '2025-10-01', input: 0.15, output: 0.6 },
  { model: 'gpt-4o', asOf: '2025-10-01', input: 2.5, output: 10 },
];

/** A model that is not listed gets the highest listed price, so that the cost limit holds for it too. */
export function priceOf(model: string): ModelPrice {
  const name = model.replace(/^.*\//, '').toLowerCase();
  const listed = MODEL_PRICES.find((price) => name.startsWith(price.model));
  return listed ?? [...MODEL_PRICES].sort((a, b) => b.output - a.output)[0] ?? UNPAYABLE;
}

export function costOf({ input, output }: ModelPrice, inputTokens: number, outputTokens: number): number {
  return (inputTokens * input + outputTokens * output) / 1_000_000;
}

const UNPAYABLE: ModelPrice = { model: '', asOf: '', input: Infinity, output: Infinity };
