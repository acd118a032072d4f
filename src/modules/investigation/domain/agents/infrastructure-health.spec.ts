import { describe, expect, it } from '@jest/globals';
import type { LogLine, PlatformState } from '../evidence/evidence.js';
import { aContext, at, piece } from './case.fixture.js';
import { infrastructureHealth } from './infrastructure-health.js';

function run(...rows: (PlatformState | LogLine)[]) {
  const { evidence, context } = aContext([piece('platform_event', 'evd_pods', rows)]);
  return infrastructureHealth.run(evidence, context);
}

describe('The infrastructure health', () => {
  it('names the current failure and its reason', () => {
    const report = run({
      kind: 'pod',
      entity: 'cart-1',
      ready: false,
      reason: 'CrashLoopBackOff',
      exitCode: 137,
    });
    expect(report.hypotheses).toMatchObject([
      { status: 'supported', entity: 'cart-1', failureMode: 'oom_killed', supportedBy: ['evd_pods'] },
    ]);
    expect(report.message).toContain('cart-1 runs out of memory and is killed');
  });

  it('reports everything as healthy when the states are, whatever earlier events say', () => {
    const report = run(
      { kind: 'pod', entity: 'cart-1', ready: true },
      { timestamp: at('13:00'), entity: 'Pod/cart-1', message: 'OOMKilled' },
    );
    expect(report.findings.map(({ kind }) => kind)).toEqual(['platform_quiet']);
    expect(report.hypotheses).toEqual([]);
  });

  it('does not count or cite leftovers among healthy states', () => {
    const leftover = { kind: 'pod', entity: 'cart-1a-x', ready: false, reason: 'Terminating' } as const;
    const [quiet] = run({ kind: 'pod', entity: 'cart-2b-x', ready: true }, leftover).findings;
    expect(quiet?.statement).toBe(
      'All 1 state known of pods, deployments, nodes and monitors is well right now.',
    );
  });

  it('reports when there is no evidence', () => {
    expect(run().message).toBe('No state or event of a platform was attached or pulled.');
  });
});
