import { describe, expect, it } from '@jest/globals';
import type { Cause, Params } from './action.js';
import { planForCause } from '../plan.js';
import { findAction, REMEDIATION_ACTIONS } from './registry.js';

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
  it('is found by its name, which runners can list', () => {
    expect(findAction(name)).toBe(action);
    expect(name).toMatch(/^[a-z]+(_[a-z]+)*$/);
  });

  it('applies to some change, with a step of its own name and JSON parameters', () => {
    const steps = causes.flatMap((cause) => action.propose(cause) ?? []);
    expect(steps.length).toBeGreaterThan(0);
    for (const step of steps) {
      expect(step.action).toBe(name);
      expect(step.description).not.toMatch(/undefined|null/);
      expect(JSON.parse(JSON.stringify(step.params))).toEqual(step.params);
    }
  });

  it('is proposed for some change: no action listed before it applies to all of its changes', () => {
    const proposed = causes.flatMap((cause) => planForCause(cause)?.steps ?? []);
    expect(proposed.map((step) => step.action)).toContain(name);
  });

  it('is reversed or refuses to be, for any parameters of a pattern', () => {
    const own = causes.flatMap((cause) => action.propose(cause) ?? []).map(({ params }) => params);
    const params: Params[] = [{}, { service: 7, version: ['2'] }, ...own];
    for (const given of params) {
      const reverse = action.reverse(given);
      if (reverse) expect(reverse.description).not.toMatch(/undefined|null/);
    }
  });
});

it('every kind of change has an action', () => {
  for (const cause of causes) {
    expect(REMEDIATION_ACTIONS.some((action) => action.propose(cause) !== undefined)).toBe(true);
  }
});
