import { describe, expect, it } from '@jest/globals';
import { EVIDENCE_TYPES } from '../evidence/evidence.js';
import * as names from './names.js';
import { AGENTS, agentNamed, nextOf, readerOf } from './registry.js';

const all = AGENTS.map(({ name }) => name);

/** The steps of a run, as they would begin together. */
function waves(steps: readonly string[]): string[][] {
  const begun: string[][] = [];
  for (let left = steps; left.length > 0;) {
    const done = new Set(steps.filter((name) => !left.includes(name)));
    const next = nextOf(done, left);
    expect(next.length).toBeGreaterThan(0);
    begun.push(next);
    left = left.slice(next.length);
  }
  return begun;
}

describe('The list of agents', () => {
  it('holds every agent that others speak of by name', () => {
    for (const name of Object.values(names)) expect(agentNamed(name).name).toBe(name);
  });

  it('knows who reads a type of evidence', () => {
    for (const type of EVIDENCE_TYPES) {
      const reader = readerOf(type);
      if (reader !== undefined) expect(agentNamed(reader).needs).toContain(type);
    }
    expect(readerOf('log')).toBe('log analysis');
  });
});

describe('The steps of a run', () => {
  it('begin in the order of the list: memory alone, the synthesis alone, and none before one that it waits for', () => {
    const begun = waves(all);
    expect(begun.flat()).toEqual(all);
    expect(begun[0]).toEqual(['known solution']);
    expect(begun.at(-1)).toEqual(['synthesis']);
    expect(begun.length).toBeLessThan(all.length);
    for (const [at, wave] of begun.entries()) {
      const before = new Set(begun.slice(0, at).flat());
      for (const { name, after } of AGENTS)
        if (wave.includes(name) && after !== 'all')
          for (const earlier of after) expect(before).toContain(earlier);
    }
  });

  it('begin one after the other where the list does not know them', () => {
    expect(waves([...all, 'model review']).slice(-2)).toEqual([['synthesis'], ['model review']]);
    expect(waves(['known solution', 'palm reading', 'log analysis', 'synthesis'])).toEqual([
      ['known solution'],
      ['palm reading'],
      ['log analysis'],
      ['synthesis'],
    ]);
  });
});
