import { describe, expect, it } from '@jest/globals';
import { EVIDENCE_TYPES } from '../evidence/evidence.js';
import * as names from './names.js';
import { AGENTS, agentNamed, nextOf, readerOf } from './registry.js';

const all = AGENTS.map(({ name }) => name);

/** The steps of a run in groups that start together. */
function groups(steps: readonly string[]): string[][] {
  const started: string[][] = [];
  for (let open = steps; open.length > 0;) {
    const done = new Set(steps.filter((name) => !open.includes(name)));
    const next = nextOf(done, open);
    expect(next.length).toBeGreaterThan(0);
    started.push(next);
    open = open.slice(next.length);
  }
  return started;
}

describe('The registry of agents', () => {
  it('contains every agent that other code refers to by name', () => {
    for (const name of Object.values(names)) expect(agentNamed(name).name).toBe(name);
  });

  it('finds the reader of a type of evidence', () => {
    for (const type of EVIDENCE_TYPES) {
      const reader = readerOf(type);
      if (reader !== undefined) expect(agentNamed(reader).needs).toContain(type);
    }
    expect(readerOf('log')).toBe('log analysis');
  });
});

describe('The steps of a run', () => {
  it('start in list order: the known solution and the synthesis alone, and each after its dependencies', () => {
    const started = groups(all);
    expect(started.flat()).toEqual(all);
    expect(started[0]).toEqual(['known solution']);
    expect(started.at(-1)).toEqual(['synthesis']);
    expect(started.length).toBeLessThan(all.length);
    for (const [i, group] of started.entries()) {
      const before = new Set(started.slice(0, i).flat());
      for (const { name, after } of AGENTS)
        if (group.includes(name) && after !== 'all')
          for (const earlier of after) expect(before).toContain(earlier);
    }
  });

  it('start one by one if they are not in the registry', () => {
    expect(groups([...all, 'model review']).slice(-2)).toEqual([['synthesis'], ['model review']]);
    expect(groups(['known solution', 'palm reading', 'log analysis', 'synthesis'])).toEqual([
      ['known solution'],
      ['palm reading'],
      ['log analysis'],
      ['synthesis'],
    ]);
  });
});
