import { describe, expect, it } from '@jest/globals';
import type { AgentReport } from './agent.js';
import { blastRadius } from './blast-radius.js';
import { aContext, log, logWithErrors, metric, topology } from './case.fixture.js';
import { logAnalysis } from './log-analysis.js';
import { metricsAnalysis } from './metrics-analysis.js';

const calls = topology(['web', 'cart'], ['cart', 'prices'], ['app', 'web'], ['search', 'index']);

function measured(...evidence: Parameters<typeof aContext>[0][number][]): AgentReport {
  const { evidence: set, context } = aContext(evidence);
  const reports = [logAnalysis, metricsAnalysis].map((agent) => agent.run(set, context));
  const suspecting: AgentReport = {
    agentName: 'another agent',
    findings: [],
    hypotheses: [],
    suspects: [{ entity: 'prices', score: 9 }],
    missing: [],
    message: '',
  };
  return blastRadius.run(set, { ...context, reports: [...reports, suspecting] });
}

describe('The blast radius', () => {
  it('names the callers with symptoms, nearest first, and other services with symptoms', () => {
    const { findings, message, hypotheses, suspects } = measured(
      calls,
      metric('prices', 'cpu', 20, 95),
      metric('cart', 'latency_ms', 40, 400),
      metric('web', 'latency_ms', 60, 60),
      logWithErrors('app', 'request failed'),
      logWithErrors('search', 'index is corrupt'),
    );
    expect(findings.map(({ statement }) => statement)).toEqual([
      '3 services call prices, directly or not; 2 show trouble: cart and app.',
      'search suffers too, and no call that is known leads from there to prices.',
    ]);
    expect(findings[0]?.evidenceIds).toEqual(['evd_cart_latency_ms', 'evd_log_app', 'evd_topology']);
    expect(message).toBe(findings[0]?.statement);
    expect([...hypotheses, ...suspects]).toEqual([]);
  });

  it('reports when no caller has symptoms', () => {
    expect(measured(calls, metric('prices', 'cpu', 20, 95)).message).toBe(
      '3 services call prices, directly or not; none of them shows trouble.',
    );
  });

  it('reports nothing without a call graph', () => {
    const { findings, missing, message } = measured(log('prices', []), metric('cart', 'cpu', 20, 95));
    expect(findings).toEqual([]);
    expect(missing).toEqual([expect.stringContaining('the call graph around checkout')]);
    expect(message).toContain('not known');
  });
});
