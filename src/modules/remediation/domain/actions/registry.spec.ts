import { describe, expect, it } from '@jest/globals';
import type { Cause, Params } from './action.js';
import { actionNamed, REMEDIATION_ACTIONS } from './registry.js';

const TYPES: readonly Cause['type'][] = ['deploy', 'config', 'flag', 'schema', 'infra'];
const causes: Cause[] = TYPES.flatMap((type) => [
  {
    type,
    service: 'checkout',
    environment: 'production',
    version: '2',
    previousVersion: '1',
    summary: 'a change',
  },
  { type, service: 'checkout', environment: null, version: null, previousVersion: null, summary: 'a change' },
]);

describe.each(REMEDIATION_ACTIONS.map((action) => [action.name, action] as const))('%s', (name, action) => {
  it('is found by its name, which is a name that runners can list', () => {
    expect(actionNamed(name)).toBe(action);
    expect(name).toMatch(/^[a-z]+(_[a-z]+)*$/);
  });

  it('answers some change, with a step of its own name whose words and parameters can be stored', () => {
    const steps = causes.flatMap((cause) => action.propose(cause) ?? []);
    expect(steps.length).toBeGreaterThan(0);
    for (const step of steps) {
      expect(step.action).toBe(name);
      expect(step.description).not.toMatch(/undefined|null/);
      expect(JSON.parse(JSON.stringify(step.params))).toEqual(step.params);
    }
  });

  it('says how it is taken back, or that it cannot be, whatever parameters a pattern brings', () => {
    const own = causes.flatMap((cause) => action.propose(cause) ?? []).map(({ params }) => params);
    const params: Params[] = [{}, { service: 7, version: ['2'] }, ...own];
    for (const given of params) {
      const back = action.reverse(given);
      if (back) expect(back.description).not.toMatch(/undefined|null/);
    }
  });
});

it('has an answer to every kind of change', () => {
  for (const cause of causes) {
    expect(REMEDIATION_ACTIONS.some((action) => action.propose(cause) !== undefined)).toBe(true);
  }
});
