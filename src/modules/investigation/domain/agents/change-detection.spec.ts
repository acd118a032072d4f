import { describe, expect, it } from '@jest/globals';
import type { Evidence } from '../evidence/evidence.js';
import { finding } from '../finding.js';
import { changeDetection } from './change-detection.js';
import { aContext, anIncident, at, change, logWithErrors, metric, topology } from './case.fixture.js';
import type { AgentReport, InvestigationContext } from './agent.js';
import { logAnalysis } from './log-analysis.js';
import { metricsAnalysis } from './metrics-analysis.js';

function run(evidence: readonly Evidence[], changes: Partial<InvestigationContext> = {}): AgentReport {
  const made = aContext(evidence, changes);
  const reports = [logAnalysis, metricsAnalysis].map((agent) => agent.run(made.evidence, made.context));
  return changeDetection.run(made.evidence, changes.reports ? made.context : { ...made.context, reports });
}

describe('The change detection', () => {
  it('reports when no change is known', () => {
    expect(run([])).toMatchObject({
      message: 'No deploys, configuration or flag changes were recorded or attached, so none were compared.',
      missing: [
        expect.stringMatching(/^changes .* of checkout in the 6 hours before 14:10 UTC \(report them/),
      ],
    });
  });

  it('names the change, the version and the minutes before the onset', () => {
    const [best] = run([change('14:04')]).hypotheses;
    expect(best).toMatchObject({
      statement:
        'Deploy v42 of checkout (“Rewrite the price rules”) at 14:04 UTC, 6 minutes before the onset at 14:10 UTC',
      category: 'change',
      status: 'supported',
      supportedBy: ['evd_change_14:04'],
      witnesses: ['change'],
    });
    expect(best?.score).toBeGreaterThan(0.55);
    expect(best?.score).toBeLessThanOrEqual(0.7);
  });

  it('cites only error messages that share its words', () => {
    const logs = [
      logWithErrors('checkout', 'price rules could not be applied'),
      logWithErrors('search', 'shard lost'),
    ];
    const { findings, hypotheses } = run([change('13:58'), ...logs]);
    expect(findings.find(({ kind }) => kind === 'change_in_log_text')?.evidenceIds).toEqual([
      'evd_change_13:58',
      'evd_log_checkout',
    ]);
    expect(hypotheses[0]?.supportedBy).toEqual(['evd_change_13:58', 'evd_log_checkout']);
  });

  it('takes the version to roll back to from the preceding change', () => {
    const before = change('09:00', { version: 'v41' });
    const elsewhere = change('10:00', { version: 'v7', service: 'search' });
    expect(run([before, elsewhere, change('14:04')]).hypotheses[0]?.change).toEqual({
      changeId: 'chg_14:04',
      type: 'deploy',
      service: 'checkout',
      environment: null,
      version: 'v42',
      previousVersion: 'v41',
      summary: 'Rewrite the price rules',
      url: null,
      occurredAt: at('14:04'),
    });
  });

  it('counts metrics and errors that began after it as witnesses', () => {
    const evidence = [
      change('13:58'),
      metric('checkout', 'latency_ms', 100, 900),
      logWithErrors('checkout', 'price rules could not be applied'),
    ];
    expect(run(evidence).hypotheses[0]).toMatchObject({
      status: 'supported',
      witnesses: ['change', 'change_in_log_text', 'metric_shift', 'new_error'],
      supportedBy: ['evd_change_13:58', 'evd_checkout_latency_ms', 'evd_log_checkout'],
    });
  });

  it('prefers the later of two like changes', () => {
    const ids = run([change('13:20'), change('14:04')]).hypotheses.map(
      ({ change: suspected }) => suspected?.changeId,
    );
    expect(ids).toEqual(['chg_14:04', 'chg_13:20']);
  });

  it('rules out a change after the onset, with the reason', () => {
    const report = run([metric('checkout', 'latency_ms', 100, 900), change('14:09')]);
    expect(report.hypotheses).toEqual([
      expect.objectContaining({
        status: 'ruled_out',
        because: 'It came after the trouble had begun at 14:02 UTC.',
        contradictedBy: ['evd_checkout_latency_ms'],
      }),
    ]);
    expect(report.message).toContain('none of them can explain the incident');
  });

  it('accepts a deploy that is reported shortly after the onset', () => {
    const report = run([metric('checkout', 'latency_ms', 100, 900), change('14:03')]);
    expect(report.hypotheses[0]?.status).toBe('supported');
  });

  it('rules out a change of an unrelated service', () => {
    expect(run([change('14:04', { service: 'newsletter' })]).hypotheses[0]).toMatchObject({
      status: 'ruled_out',
      because: 'newsletter shows no trouble, and checkout is not known to depend on it.',
    });
  });

  it('leaves a change of a dependency open until symptoms agree', () => {
    const deploy = change('13:58', { service: 'orders-db' });
    const edge = topology(['checkout', 'orders-db']);
    expect(run([deploy, edge]).hypotheses[0]).toMatchObject({ status: 'open' });
    expect(run([deploy, edge, metric('orders-db', 'latency_ms', 5, 400)]).hypotheses[0]?.status).toBe(
      'supported',
    );
  });

  it('leaves a change long before the onset open unless symptoms agree', () => {
    expect(run([change('11:00')]).hypotheses[0]).toMatchObject({ status: 'open' });
  });

  it('leaves a commit open, since nothing shows that it was running', () => {
    expect(run([change('14:04', { type: 'code' })]).hypotheses[0]).toMatchObject({
      status: 'open',
      because: 'It is a commit; nothing shows that it was running.',
    });
  });

  it('ignores changes more than six hours before the onset', () => {
    expect(run([change('08:09')]).hypotheses).toEqual([]);
  });

  it('suspects the service that the alert names when it has no service field', () => {
    const incident = anIncident({ service: null });
    expect(run([change('14:04')], { incident }).hypotheses[0]).toMatchObject({ status: 'supported' });
    expect(run([change('14:04', { service: 'newsletter' })], { incident }).hypotheses[0]?.status).toBe(
      'open',
    );
  });

  it('ignores symptoms of other services in earlier reports', () => {
    const stray = finding({
      statement: 'x',
      evidenceIds: ['evd_9'],
      kind: 'metric_shift',
      entity: 'search',
      at: at('14:05'),
    });
    const reports = [
      { agentName: 'a', findings: [stray], hypotheses: [], suspects: [], missing: [], message: '' },
    ];
    expect(run([change('14:04')], { reports }).hypotheses[0]?.supportedBy).toEqual(['evd_change_14:04']);
  });

  it('keeps the order of changes without agreement', () => {
    const words = { summary: 'Checkout returns an error ratio' };
    const ids = run([change('13:58', words), change('14:04', { ...words, type: 'config' })]).hypotheses.map(
      ({ change: suspected }) => suspected?.changeId,
    );
    expect(ids).toEqual(['chg_14:04', 'chg_13:58']);
    const [first, second] = run([
      change('13:58', words),
      change('14:04', { ...words, type: 'config' }),
    ]).hypotheses;
    expect(first?.score).toBeGreaterThan(second?.score ?? 1);
  });

  it('rules out a change of another environment', () => {
    expect(run([change('14:04', { environment: 'staging' })]).hypotheses[0]).toMatchObject({
      status: 'ruled_out',
      because: 'It was made in staging, the incident is in production.',
    });
  });
});
