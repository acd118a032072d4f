import { describe, expect, it } from '@jest/globals';
import type { LogLine, PlatformState } from '../evidence/evidence.js';
import { type PlatformEvidence, platformFailures, healthyStates } from './platform-failures.js';

const state = (entity: string, changes: Partial<PlatformState> = {}) => ({
  evidenceId: `evd_${entity}`,
  row: { kind: 'pod' as const, entity, ready: true, ...changes },
});
const HOUR = 3_600_000;
const event = (entity: string, message: string, timestamp = 100 * HOUR) => ({
  evidenceId: 'evd_events',
  row: { timestamp, entity, message } satisfies LogLine,
});
const deployment = (ready: boolean) => state('cart', { kind: 'deployment', ready });
const failures = (
  states: PlatformEvidence['states'],
  events: PlatformEvidence['events'] = [],
  more: Partial<PlatformEvidence> = {},
) => platformFailures({ states, events, ...more });
const modes = (...asked: Parameters<typeof failures>) => failures(...asked).map(({ mode }) => mode);

describe('Failures of the platform', () => {
  it('are none when every state is healthy, whatever the events say', () => {
    const states = [state('cart-1a-x'), deployment(true)];
    const events = [event('Pod/cart-1a-x', 'OOMKilled'), event('Node/n1', 'NodeNotReady')];
    expect(failures(states, events)).toEqual([]);
    expect(healthyStates({ states, events: [] })).toEqual(states);
  });

  it.each([
    [{ reason: 'CrashLoopBackOff', exitCode: 137 }, 'oom_killed'],
    [{ reason: 'ImagePullBackOff' }, 'image_pull_backoff'],
    [{ reason: 'Unschedulable', message: '0/3 nodes: Insufficient cpu' }, 'pending_pod'],
    [{ reason: 'NodeLost' }, 'node_not_ready'],
  ])('are recognised by the state of a pod: %p', (changes, mode) => {
    expect(failures([state('cart-1a-x', { ready: false, ...changes })])).toMatchObject([
      { mode, entity: 'cart-1a-x', current: true, evidenceIds: ['evd_cart-1a-x'] },
    ]);
  });

  it.each([
    [
      'Failed to pull image "nginx:1": toomanyrequests: You have reached your pull rate limit',
      'image_pull_backoff',
    ],
    ['Failed to apply default image tag "a:": InvalidImageName', 'image_pull_backoff'],
    ["FailedScheduling: 0/3 nodes are available: 3 node(s) didn't have free ports", 'pending_pod'],
    ['FailedScheduling: pod has unbound immediate PersistentVolumeClaims', 'pending_pod'],
    ['Startup probe failed: dial tcp: connect: connection refused', 'probe_failure'],
    ['Container cart failed liveness probe, will be restarted', 'probe_failure'],
    ['Memory cgroup out of memory: Killed process 31022 (java)', 'oom_killed'],
    ['forbidden: exceeded quota: compute, requested: pods=1, used: pods=20', 'resource_quota_exceeded'],
    ['Readiness probe failed: HTTP 503', 'probe_failure'],
    ['pods "cart-1a-y" is forbidden: exceeded quota: default', 'resource_quota_exceeded'],
    ['ProgressDeadlineExceeded: ReplicaSet "cart-1a" has timed out progressing', 'deployment_rollout_stuck'],
  ])('are recognised by events about unhealthy objects: %p', (message, mode) => {
    const events = [event('ReplicaSet/cart-1a', message), event('Pod/other', 'OOMKilled')];
    expect(modes([deployment(false)], events)).toEqual([mode]);
  });

  it('are not leftovers of an older ReplicaSet, nor a terminating pod', () => {
    const serving = [state('cart-2b-x'), deployment(true)];
    expect(modes([...serving, state('cart-1a-x', { ready: false, exitCode: 137 })])).toEqual([]);
    const terminating = state('cart-2b-y', { ready: false, reason: 'Terminating OOMKilled' });
    expect(modes([...serving, terminating])).toEqual([]);
  });

  it('include a crash loop only when nothing tells the reason', () => {
    const crashing = state('cart-0', { ready: false, reason: 'CrashLoopBackOff', exitCode: 1 });
    const pending = state('cart-1', { ready: false, reason: 'Unschedulable' });
    expect(modes([crashing])).toEqual(['crash_loop']);
    expect(modes([crashing, pending])).toEqual(['pending_pod']);
  });

  it('include a full disk when that is a node’s only problem', () => {
    const node = state('n1', { kind: 'node', ready: false, reason: 'DiskPressure' });
    expect(modes([node])).toEqual(['storage_full']);
  });

  it('rank a node before its pods', () => {
    const states = [
      state('cart-1a-x', { ready: false, message: 'Liveness probe failed' }),
      state('n1', { kind: 'node', ready: false }),
    ];
    expect(failures(states)[0]).toMatchObject({ mode: 'node_not_ready', entity: 'n1' });
  });

  it('are recognised by events alone when no state is known, unless the event says it is over', () => {
    expect(failures([], [event('Pod/a', 'OOMKilled')])).toMatchObject([
      { mode: 'oom_killed', current: false },
    ]);
    expect(failures([], [event('Node/n', 'NodeNotReady (recovered after 30s)')])).toEqual([]);
    expect(healthyStates({ states: [], events: [] })).toEqual([]);
  });

  it('include a new ReplicaSet with recent events while the old one serves in full', () => {
    const states = [
      state('cart-2b-x'),
      deployment(true),
      state('cart-3c-x', { ready: false, reason: 'InvalidImageName' }),
    ];
    const events = [event('Pod/cart-3c-x', 'InspectFailed: invalid reference format')];
    expect(modes(states, events)).toEqual(['image_pull_backoff']);
  });

  it('are not recognised by an event hours ago', () => {
    const states = [deployment(false), state('cart-1a-x', { ready: false, reason: 'Unschedulable' })];
    const events = [
      event('Pod/cart-0z-x', 'Failed to pull image "cart:9"', 94 * HOUR),
      event('Pod/cart-1a-x', 'FailedScheduling: 0/3 nodes are available'),
    ];
    expect(modes(states, events)[0]).toBe('pending_pod');
  });

  it('rank the failing service before others', () => {
    const states = [
      state('labs-1a-x', { ready: false, reason: 'ImagePullBackOff' }),
      state('n1', { kind: 'node', ready: false }),
      state('cart-1a-x', { ready: false, reason: 'OOMKilled' }),
    ];
    expect(modes(states, [], { service: 'cart' })).toEqual([
      'oom_killed',
      'node_not_ready',
      'image_pull_backoff',
    ]);
  });

  it.each([
    ['failed liveness probe, will be restarted', 'probe_failure'],
    ['Memory cgroup out of memory: Killed process 7 (cart); Liveness probe failed', 'oom_killed'],
  ])('tell exit code 137 after a failed probe from that after running out of memory: %p', (message, mode) => {
    const states = [state('cart-1a-x', { ready: false, exitCode: 137 })];
    expect(modes(states, [event('Pod/cart-1a-x', message)])).toEqual([mode]);
  });

  it('are explained by the program’s logs when the platform only sees a failed probe', () => {
    const states = [state('cart-1a-x', { ready: false })];
    const events = [event('Pod/cart-1a-x', 'Readiness probe failed: HTTP 500')];
    const logs = [event('cart', 'UnknownHostException: no such host cart-db')];
    expect(failures(states, events, { logs })).toMatchObject([
      { mode: 'dns_resolution_failure', detail: 'UnknownHostException: no such host cart-db' },
    ]);
    const others = [event('search', 'no such host cart-db')];
    expect(modes(states, events, { logs: others })).toEqual(['probe_failure']);
  });

  it('are a stuck rollout when new pods crash beside old ready ones, else a crash loop', () => {
    const crashing = state('cart-2b-x', { ready: false, reason: 'CrashLoopBackOff' });
    const beside = (pod: string) => modes([crashing, state(pod), deployment(false)]);
    expect(beside('cart-1a-x')).toEqual(['deployment_rollout_stuck']);
    expect(beside('cart-2b-y')).toEqual(['crash_loop']);
    expect(beside('search-1a-x')).toEqual(['crash_loop']);
  });

  it.each([
    ['pods that crash', () => []],
    [
      'their events',
      (pods: number) => Array.from({ length: pods }, (_, i) => event(`Pod/cart-2b-${i}`, 'Back-off')),
    ],
    [
      'lines of their program',
      (pods: number) => Array.from({ length: pods }, () => event('cart', 'it timed out')),
    ],
  ])('take time linear in the number of %s', (_, linesOf) => {
    const cost = (pods: number): number => {
      const crashing = Array.from({ length: pods }, (__, i) =>
        state(`cart-2b-${i}`, { ready: false, reason: 'CrashLoopBackOff' }),
      );
      const lines = linesOf(pods);
      const began = process.cpuUsage();
      const evidence = { states: [...crashing, deployment(false)], events: lines, logs: lines };
      expect(platformFailures(evidence, 4)).toHaveLength(4);
      const { user, system } = process.cpuUsage(began);
      return user + system;
    };
    cost(1_000);
    expect(cost(16_000) / cost(1_000)).toBeLessThan(64);
  });

  it('are only as many as asked for, the first ones', () => {
    const states = ['a', 'b', 'cart'].map((name) => state(name, { ready: false, reason: 'OOMKilled' }));
    const evidence = { states, events: [], service: 'cart' };
    expect(platformFailures(evidence, 2).map(({ entity }) => entity)).toEqual(['cart', 'a']);
  });

  it('are what the failing service’s logs name when only others crash', () => {
    const states = [state('cart-1a-x'), state('coredns-1a-x', { ready: false, reason: 'CrashLoopBackOff' })];
    const logs = [event('cart', 'lookup cart-db: no such host')];
    expect(failures(states, [], { logs, service: 'cart' })[0]).toMatchObject({
      mode: 'dns_resolution_failure',
      entity: 'cart',
    });
  });
});
