import { describe, expect, it } from '@jest/globals';
import type { LogLine, PlatformState } from './evidence.js';
import { isPlatformWell, platformFailures } from './platform-failures.js';

const state = (entity: string, changes: Partial<PlatformState> = {}) => ({
  evidenceId: `evd_${entity}`,
  row: { kind: 'pod' as const, entity, ready: true, ...changes },
});
const event = (entity: string, message: string) => ({
  evidenceId: 'evd_events',
  row: { timestamp: 1, entity, message } satisfies LogLine,
});
const deployment = (ready: boolean) => state('cart', { kind: 'deployment', ready });

describe('Failures of the platform', () => {
  it('are none when everything is well now, whatever the events say', () => {
    const states = [state('cart-1a-x'), deployment(true)];
    expect(
      platformFailures(states, [event('Pod/cart-1a-x', 'OOMKilled'), event('Node/n1', 'NodeNotReady')]),
    ).toEqual([]);
    expect(isPlatformWell(states)).toBe(true);
  });

  it.each([
    [{ reason: 'CrashLoopBackOff', exitCode: 137 }, 'oom_killed'],
    [{ reason: 'ImagePullBackOff' }, 'image_pull_backoff'],
    [{ reason: 'Unschedulable', message: '0/3 nodes: Insufficient cpu' }, 'pending_pod'],
    [{ reason: 'NodeLost' }, 'node_not_ready'],
  ])('are told by the state of a pod: %p', (told, mode) => {
    expect(platformFailures([state('cart-1a-x', { ready: false, ...told })], [])).toMatchObject([
      { mode, entity: 'cart-1a-x', current: true, evidenceIds: ['evd_cart-1a-x'] },
    ]);
  });

  it.each([
    ['Readiness probe failed: HTTP 503', 'probe_failure'],
    ['pods "cart-1a-y" is forbidden: exceeded quota: default', 'resource_quota_exceeded'],
    ['ProgressDeadlineExceeded: ReplicaSet "cart-1a" has timed out progressing', 'deployment_rollout_stuck'],
  ])('are told by events about what is not well: %p', (message, mode) => {
    const found = platformFailures(
      [deployment(false)],
      [event('ReplicaSet/cart-1a', message), event('Pod/other', 'OOMKilled')],
    );
    expect(found.map((each) => each.mode)).toEqual([mode]);
  });

  it('are not what an older ReplicaSet left behind, nor a pod that is going', () => {
    const serving = [state('cart-2b-x'), deployment(true)];
    expect(platformFailures([...serving, state('cart-1a-x', { ready: false, exitCode: 137 })], [])).toEqual(
      [],
    );
    expect(
      platformFailures(
        [...serving, state('cart-2b-y', { ready: false, reason: 'Terminating OOMKilled' })],
        [],
      ),
    ).toEqual([]);
  });

  it('blame the node before its pods', () => {
    const states = [
      state('cart-1a-x', { ready: false, message: 'Liveness probe failed' }),
      state('n1', { kind: 'node', ready: false }),
    ];
    expect(platformFailures(states, [])[0]).toMatchObject({ mode: 'node_not_ready', entity: 'n1' });
  });

  it('are read from events alone where no state is known, but not from one that says it is over', () => {
    expect(platformFailures([], [event('Pod/a', 'OOMKilled')])).toMatchObject([
      { mode: 'oom_killed', current: false },
    ]);
    expect(platformFailures([], [event('Node/n', 'NodeNotReady (recovered after 30s)')])).toEqual([]);
    expect(isPlatformWell([])).toBe(false);
  });
});
