import { describe, expect, it } from '@jest/globals';
import { suspicionByEntity } from './alert-surprisal.js';
import type { AlertSignal } from '../evidence/evidence.js';

const alert = (changes: Partial<AlertSignal>) => ({
  evidenceId: 'evd_1',
  row: {
    entity: 'web',
    signal: 'cpu up',
    about: 'metric' as const,
    seenBefore: 0,
    stormsBefore: 98,
    ...changes,
  },
});

function suspicions(...signals: ReturnType<typeof alert>[]): Record<string, number> {
  return Object.fromEntries(suspicionByEntity(signals).map(({ entity, suspicion }) => [entity, suspicion]));
}

describe('The suspicion of an entity in an alert storm', () => {
  const of = (...signals: ReturnType<typeof alert>[]) => suspicions(...signals)['web'] ?? 0;

  it('weighs an alert by its surprisal', () => {
    const [web] = suspicionByEntity([alert({ seenBefore: 1 })]);
    expect(web?.signals[0]?.surprisal).toBeCloseTo(Math.log(100 / 2));
    expect(of(alert({ seenBefore: 98 }))).toBeLessThan(0.01);
    expect(of(alert({ seenBefore: 1 }))).toBeGreaterThan(of(alert({ seenBefore: 9 })));
  });

  it('is higher for an entity that is alone in a view', () => {
    const alone = of(alert({}));
    expect(of(alert({}), alert({ entity: 'store' }))).toBeLessThan(alone);
    expect(of(alert({}), alert({ entity: 'store', signal: 'cpu down' }))).toBe(alone);
    expect(of(alert({}), alert({ entity: 'store', signal: 'p99 up' }))).toBe(alone);
  });

  it('is higher for a rare log message than for a rare metric, and counts a call for its callee', () => {
    const { web, store, gate } = suspicions(
      alert({}),
      alert({ entity: 'store', about: 'log', signal: 'disk is full' }),
      alert({ entity: 'gate', caller: 'store', about: 'trace', signal: 'GET / slow' }),
    );
    expect(store).toBeGreaterThan(web ?? 0);
    expect(gate).toBe(web);
  });

  it('counts a repeated alert once, and further alerts of the same entity less', () => {
    const one = of(alert({}));
    expect(of(alert({}), alert({}))).toBe(one);
    const two = of(alert({}), alert({ signal: 'memory up' }));
    expect(two).toBeGreaterThan(one);
    expect(two).toBeLessThan(2 * one);
  });

  it('is equal for all alerts when no earlier storms are known', () => {
    const { web, store } = suspicions(
      alert({ stormsBefore: 0 }),
      alert({ stormsBefore: 0, entity: 'store', signal: 'memory up' }),
    );
    expect(web).toBe(store);
  });

  it.each([
    ['cpu_usage up', 'resources up'],
    ['InstanceDown', 'resources down'],
    ['net_receive down', 'resources down'],
    ['HighLatency', 'requests up'],
    ['p99 at <NUM> ms', 'requests up'],
    ['Slowdown: p99 at <*> ms', 'requests up'],
    ['dest_success_rate down', 'requests down'],
    ['Requests below <*>/s', 'requests down'],
  ])('counts %s in the view %s', (signal, view) => {
    expect(suspicionByEntity([alert({ signal })])[0]?.view).toBe(view);
  });

  it('does not depend on names', () => {
    const storm = ['a', 'b', 'c'].map((entity, i) => alert({ entity, seenBefore: i, caller: 'a' }));
    const renamed = storm.map(({ evidenceId, row }) => ({
      evidenceId,
      row: { ...row, entity: `z-${row.entity}`, caller: 'z-a' },
    }));
    expect(Object.values(suspicions(...renamed))).toEqual(Object.values(suspicions(...storm)));
  });
});
