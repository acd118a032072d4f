import { describe, expect, it } from '@jest/globals';
import { reserve } from './model-budget.js';
import { costOf, MODEL_PRICES, priceOf } from './model-prices.js';

const limits = { maxTurns: 3, maxTokens: 20_000, maxCostUsd: 0.1 };
const nothing = { turns: 0, tokens: 0, costUsd: 0 };
const price = { model: 'x', asOf: '2026-01-01', input: 1, output: 10 };

describe('The budget of a run', () => {
  it('reserves the maximum that a call can cost', () => {
    expect(reserve(limits, nothing, price, 4_000)).toEqual({
      maxOutputTokens: 4_000,
      tokens: 6_000,
      costUsd: (2_000 * 1 + 4_000 * 10) / 1_000_000,
      isLast: false,
    });
  });

  it('limits the output to what the rest of the budget pays for', () => {
    expect(reserve(limits, { ...nothing, costUsd: 0.09 }, price, 4_000)).toMatchObject({
      maxOutputTokens: 800,
      isLast: true,
    });
    expect(reserve(limits, { ...nothing, tokens: 17_000 }, price, 4_000)).toMatchObject({
      maxOutputTokens: 1_000,
      isLast: true,
    });
  });

  it('names the limit that is used up', () => {
    expect(reserve(limits, { ...nothing, turns: 3 }, price, 10)).toBe('turns');
    expect(reserve(limits, { ...nothing, tokens: 19_900 }, price, 10)).toBe('tokens');
    expect(reserve(limits, { ...nothing, costUsd: 0.099 }, price, 10)).toBe('money');
    expect(reserve({ ...limits, maxCostUsd: 0 }, nothing, price, 10)).toBe('money');
  });

  it('never lets all calls together exceed the limit, even if each uses its full reservation', () => {
    const spent = { ...nothing };
    for (;;) {
      const reserved = reserve({ ...limits, maxTurns: 1_000, maxTokens: 1_000_000 }, spent, price, 3_000);
      if (typeof reserved === 'string') break;
      spent.turns += 1;
      spent.costUsd += reserved.costUsd;
    }
    expect(spent.turns).toBeGreaterThan(1);
    expect(spent.costUsd).toBeLessThanOrEqual(limits.maxCostUsd);
  });
});

describe('The price of a model', () => {
  it('is found by the prefix of its name', () => {
    expect(priceOf('gpt-4o-mini-2024-07-18')).toMatchObject({ model: 'gpt-4o-mini' });
    expect(priceOf('anthropic/claude-sonnet-4-5')).toMatchObject({ model: 'claude-sonnet-4' });
  });

  it('is the highest listed price for a model that is not listed', () => {
    const dearest = Math.max(...MODEL_PRICES.map(({ output }) => output));
    expect(priceOf('llama-of-my-own').output).toBe(dearest);
    expect(costOf(priceOf('llama-of-my-own'), 1_000_000, 0)).toBe(15);
  });

  it('is dated, and a shorter prefix never shadows a longer one', () => {
    for (const [i, { model, asOf }] of MODEL_PRICES.entries()) {
      expect(asOf).toMatch(/^\d{4}-\d\d-\d\d$/);
      expect(MODEL_PRICES.findIndex((other) => model.startsWith(other.model))).toBe(i);
    }
  });
});
