import { describe, expect, it } from '@jest/globals';
import { decideOutcome } from '../outcome/decide-outcome.js';
import type { Evidence } from '../evidence/evidence.js';
import { outcomeInputs } from '../outcome/outcome-inputs.js';
import type { AgentReport, InvestigationContext } from './agent.js';
import { aContext, at, change, log, logWithErrors, metric, MINUTE, piece, topology } from './case.fixture.js';
import { AGENTS } from './registry.js';

/** Runs all agents in order, as a run does; each report goes through JSON, as it does when it is stored between steps. */
function investigate(evidence: readonly Evidence[], changes: Partial<InvestigationContext> = {}) {
  const made = aContext(evidence, changes);
  const reports: AgentReport[] = [];
  for (const agent of AGENTS) {
    const report = agent.run(made.evidence, { ...made.context, reports: [...reports] });
    const stored = JSON.parse(JSON.stringify(report)) as AgentReport;
    expect(stored).toEqual(report);
    reports.push(stored);
  }
  const inputs = outcomeInputs(reports, made.evidence, made.context);
  return { reports, inputs, outcome: decideOutcome(inputs) };
}

describe('A run of all agents', () => {
  it('names each agent once, after those it reads', () => {
    const names = AGENTS.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    for (const [i, { after }] of AGENTS.entries())
      if (after !== 'all') for (const earlier of after) expect(names.slice(0, i)).toContain(earlier);
  });

  it('has those that come after all others last', () => {
    const firstAfterAll = AGENTS.findIndex(({ after }) => after === 'all');
    const others = AGENTS.slice(firstAfterAll).filter(({ after }) => after !== 'all');
    expect(others.map(({ name }) => name)).toEqual([]);
  });

  it('is inconclusive without findings when there is no evidence', () => {
    const { outcome, reports } = investigate([]);
    expect(outcome).toMatchObject({ outcome: 'inconclusive', confidence: 0, rootCause: null });
    const what = outcome.recommendedActions.map((action) => action.replace(/ \([^()]*\)$/, ''));
    expect(what).toEqual([
      'Attach or connect logs of checkout around 14:10 UTC',
      'Attach or connect metrics of checkout and what it depends on, from an hour before 14:10 UTC',
      'Attach or connect the call graph around checkout',
      'Attach or connect traces of checkout and what it calls, from before and after 14:10 UTC',
      'Attach or connect changes (deploys, configuration, flags) of checkout in the 6 hours before 14:10 UTC',
    ]);
    expect(reports.flatMap(({ findings }) => findings)).toEqual([]);
    for (const { message } of reports) expect(message).toMatch(/\.$/);
  });

  it('reports a deploy without other evidence as the probable cause', () => {
    const { outcome } = investigate([change('14:04')]);
    expect(outcome).toMatchObject({ outcome: 'probable' });
    expect(outcome.rootCause).toContain('Deploy v42 of checkout');
    expect(outcome.confidence).toBeGreaterThanOrEqual(0.55);
    expect(outcome.confidence).toBeLessThanOrEqual(0.7);
    expect(outcome.recommendedActions[0]).toBe('Roll back checkout from v42 to the version before');
  });

  it('identifies a deploy when metrics agree', () => {
    const { outcome } = investigate([
      change('13:58'),
      change('09:00', { version: 'v41' }),
      metric('checkout', 'error_ratio', 0.001, 0.4),
    ]);
    expect(outcome).toMatchObject({ outcome: 'identified' });
    expect(outcome.confidence).toBeGreaterThan(0.7);
    expect(outcome.recommendedActions[0]).toBe('Roll back checkout from v42 to v41');
  });

  it('is more confident the more methods agree', () => {
    const two = [change('13:58'), metric('checkout', 'error_ratio', 0.001, 0.4)];
    const three = [...two, logWithErrors('checkout', 'cannot read property of undefined')];
    expect(investigate(three).outcome.confidence).toBeGreaterThan(investigate(two).outcome.confidence);
  });

  it('does not blame a deploy when the errors name an external cause', () => {
    const { outcome } = investigate([
      change('13:58'),
      logWithErrors('checkout', 'lookup api.bank.test: no such host'),
    ]);
    expect(outcome.rootCause).toContain('cannot resolve names');
    expect(outcome.hypotheses).toContainEqual(
      expect.objectContaining({ category: 'change', status: 'open', contradictedBy: ['evd_log_checkout'] }),
    );
  });

  it('finds a failing dependency without any change', () => {
    const { outcome } = investigate([
      metric('checkout', 'latency_ms', 100, 900),
      metric('orders-db', 'latency_ms', 5, 400),
      logWithErrors('orders-db', 'checkpoint took too long, lock timeout'),
      topology(['checkout', 'orders-db']),
    ]);
    expect(outcome.rootCause).toContain('orders-db');
    expect(outcome.hypotheses[0]?.witnesses).toEqual(['metric_shift', 'named_cause', 'new_error']);
  });

  it('is not an incident when all evidence is normal', () => {
    const calm = Array.from({ length: 60 }, (_, i) => ({
      timestamp: at('13:30') + i * 60_000,
      message: 'served',
    }));
    const { outcome } = investigate([metric('checkout', 'latency_ms', 100, 100), log('checkout', calm)]);
    expect(outcome).toMatchObject({ outcome: 'not_an_incident', rootCause: null });
  });

  it('does not dismiss user-facing symptoms because a database or the platform is healthy', () => {
    const calm = [
      piece('database', 'evd_db', metric('orders-db', 'CPUUtilization', 20, 20).rows),
      piece('platform_event', 'evd_pods', [{ kind: 'pod', entity: 'checkout-1', ready: true }]),
    ];
    const slow = metric('checkout', 'latency_ms', 100, 4000);
    const short = metric('checkout', 'heap_used_percent', 40, 97);
    for (const well of calm) {
      expect(investigate([well, slow]).outcome.outcome).not.toBe('not_an_incident');
      expect(investigate([well, slow, short]).outcome.rootCause).toContain('heap_used');
      // A full resource without user-facing symptoms is outweighed by a healthy platform.
      expect(investigate([well, short]).outcome.outcome).toBe('not_an_incident');
    }
  });

  it('cites only evidence of this run', () => {
    const evidence = [
      change('13:58'),
      metric('checkout', 'error_ratio', 0.001, 0.4),
      logWithErrors('checkout', 'boom'),
    ];
    const known = new Set([...evidence.map(({ evidenceId }) => evidenceId), 'evd_alert']);
    const { reports } = investigate(evidence);
    expect(reports.flatMap(({ findings }) => findings)).not.toEqual([]);
    for (const { findings, hypotheses } of reports) {
      for (const { evidenceIds } of findings) for (const id of evidenceIds) expect(known).toContain(id);
      for (const { supportedBy, contradictedBy } of hypotheses) {
        for (const id of [...supportedBy, ...contradictedBy]) expect(known).toContain(id);
      }
    }
  });

  it('gives the same result for any order of the evidence, and from stored inputs', () => {
    const evidence = [
      change('13:58'),
      change('13:58', { service: 'search', changeId: 'chg_2' }),
      metric('checkout', 'error_ratio', 0.001, 0.4),
      metric('search', 'error_ratio', 0.001, 0.4),
      logWithErrors('checkout', 'boom'),
      logWithErrors('search', 'boom'),
      topology(['checkout', 'search']),
      // Ties in time: templates that depend on line order, two failing pods, alerts of equal frequency.
      log(
        'cart',
        ['pool a b c full', 'pool a x y full', 'pool q x y full'].flatMap((message) => [
          { timestamp: at('13:40'), level: 'info', message: 'served' },
          { timestamp: at('14:05'), level: 'error', message },
        ]),
      ),
      piece('platform_event', 'evd_platform', [
        { kind: 'pod', entity: 'checkout-2', ready: false, reason: 'OOMKilled' },
        { kind: 'pod', entity: 'checkout-1', ready: false, reason: 'ImagePullBackOff' },
      ]),
      piece(
        'platform_event',
        'evd_storm',
        ['cpu', 'memory', 'disk', 'network'].map((name) => {
          const seen = { seenBefore: 1, stormsBefore: 9 };
          return { entity: 'search', signal: `${name} up`, about: 'metric' as const, ...seen };
        }),
      ),
    ];
    const first = investigate(evidence);
    const reversed = evidence
      .map((each) => ({ ...each, rows: [...each.rows].reverse() }) as Evidence)
      .reverse();
    expect(investigate(reversed)).toEqual(first);
    expect(decideOutcome(JSON.parse(JSON.stringify(first.inputs)) as typeof first.inputs)).toEqual(
      first.outcome,
    );
  });

  it('takes time linear in the amount of evidence, not quadratic', () => {
    const start = at('04:00');
    const metrics = (samples: number): Evidence[] =>
      Array.from({ length: 60 }, (_, entity) =>
        piece(
          'metric',
          `evd_${entity}`,
          Array.from({ length: samples }, (__, i) => ({
            timestamp: start + i * 60_000,
            entity: `svc${entity}`,
            metric: 'latency_ms',
            value: 100 + ((i * 7 + entity) % 13) + (entity === 7 && i > samples - 10 ? 400 : 0),
          })),
        ),
      );
    const lines = (n: number): Evidence =>
      log(
        'svc7',
        Array.from({ length: n }, (_, i) => ({
          timestamp: start + Math.floor((i / n) * 600) * 60_000,
          level: i % 10 === 0 ? 'error' : 'info',
          message: `request ${i} of user ${(i * 7919) % 9973} to 10.0.${i % 256}.1 took ${i % 500} ms`,
        })),
      );
    /** As an uploaded table of one deploy that a faulty script repeated. */
    const deploys = (n: number): Evidence =>
      piece(
        'deployment',
        'evd_deploys',
        Array.from({ length: n }, () => ({
          type: 'deploy' as const,
          service: 'svc7',
          summary: 'v2',
          occurredAt: start,
        })),
      );
    // A ratio of CPU times, so that a busy machine affects both sides.
    const cost = (evidence: readonly Evidence[]): number => {
      const began = process.cpuUsage();
      investigate(evidence);
      const { user, system } = process.cpuUsage(began);
      return user + system;
    };
    const small = [...metrics(100), lines(12_500), deploys(12_500)];
    cost(small);
    const ratio = cost([...metrics(800), lines(100_000), deploys(100_000)]) / cost(small);
    expect(ratio).toBeLessThan(32);
  });

  it('does not throw on hostile rows', () => {
    const numbers = [Number.NaN, Infinity, -Infinity, 1e308, -1e308, 5e-324, 0];
    const hostile: Evidence[] = [
      piece(
        'metric',
        'evd_m',
        numbers.flatMap((value, i) =>
          numbers.map((timestamp, k) => ({
            timestamp: k < 3 ? timestamp : at('14:00') + i * 1000 + k,
            entity: '__proto__',
            metric: 'constructor',
            value,
          })),
        ),
      ),
      log('__proto__', [
        { timestamp: Number.NaN, message: 'x' },
        { timestamp: 8.7e15, message: 'error '.repeat(5000), level: '__proto__', count: Number.NaN },
        { timestamp: -8.7e15, message: '\u0000\ud800' },
        { timestamp: at('14:11'), message: '', count: -5 },
      ]),
      change('14:04', { service: '__proto__', summary: '', version: '', occurredAt: Infinity }),
      change('14:05', {
        service: '',
        summary: 'a'.repeat(100_000),
        diff: '-\n+'.repeat(50_000),
        paths: [''],
      }),
      topology(['__proto__', '__proto__'], ['', 'checkout'], ['checkout', '']),
      log(
        'vast',
        ['error a', 'error b', 'error b', 'error c'].map((message, i) => ({
          timestamp: at('13:50') + i * 10 * MINUTE,
          message,
          ...(i < 3 ? { count: 1e308 } : {}),
        })),
      ),
      piece('trace', 'evd_t', [
        {
          statistic: 'edge_gap',
          caller: 'a',
          entity: 'b',
          count: 9,
          mean: 1e308,
          baselineCount: 9,
          baselineMean: -1e308,
        },
        ...['13:40', '13:41', '14:12', '14:13'].flatMap((clock) => {
          const span = { traceId: clock, entity: 'c', operation: 'get', startedAt: at(clock) };
          return [
            { ...span, spanId: 'root', durationMs: clock < '14' ? 1 : 1e308 },
            { ...span, spanId: 'below', parentSpanId: 'root', entity: 'd', durationMs: 1 },
          ];
        }),
      ]),
      piece('database', 'evd_db', metric('db', 'FreeStorageSpace', 1e-320, -1e308).rows),
    ];
    expect(() => investigate(hostile)).not.toThrow();
  });
});
