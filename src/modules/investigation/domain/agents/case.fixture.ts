import { EvidenceSet } from '../evidence/evidence-set.js';
import type { Change, Evidence, LogLine, MetricPoint } from '../evidence/evidence.js';
import { estimateOnset } from '../evidence/onset.js';
import type { AgentReport, InvestigatedIncident, InvestigationContext } from './agent.js';

/** Fixtures for specs of agents: a checkout service whose alert fired at 14:10. */
export const MINUTE = 60_000;
const MIDNIGHT = Date.UTC(2026, 0, 15);

/** `at('14:02')` on the day of the incident. */
export function at(clock: string): number {
  const [hours = 0, minutes = 0] = clock.split(':').map(Number);
  return MIDNIGHT + (hours * 60 + minutes) * MINUTE;
}

export function anIncident(changes: Partial<InvestigatedIncident> = {}): InvestigatedIncident {
  return {
    incidentId: 'inc_1',
    title: 'Checkout returns 503',
    description: 'The error ratio of checkout is above 5 %',
    severity: 'high',
    service: 'checkout',
    environment: 'production',
    alertedAt: at('14:10'),
    tags: {},
    metadata: {},
    evidenceId: 'evd_alert',
    ...changes,
  };
}

export function aContext(
  evidence: readonly Evidence[],
  changes: Partial<InvestigationContext> = {},
): { readonly evidence: EvidenceSet; readonly context: InvestigationContext } {
  const set = new EvidenceSet(evidence);
  const incident = changes.incident ?? anIncident();
  const context = {
    incident,
    earlierIncidents: [],
    knownSolution: null,
    onset: estimateOnset(set, incident),
    reports: [],
    ...changes,
  };
  return { evidence: set, context };
}

/** A piece of evidence of any type. */
export function piece(type: Evidence['type'], evidenceId: string, rows: Evidence['rows']): Evidence {
  return { source: 'test', summary: '', observedAt: 0, evidenceId, type, rows } as Evidence;
}

/** One sample a minute from 13:30 to 14:20; `normal` until 14:02, `bad` from then on, with a little deterministic noise. */
export function metric(
  entity: string,
  name: string,
  normal: number,
  bad: number,
  from = at('14:02'),
): Evidence {
  const rows: MetricPoint[] = [];
  for (let time = at('13:30'); time <= at('14:20'); time += MINUTE) {
    const value = (time < from ? normal : bad) * (1 + 0.01 * ((time / MINUTE) % 3));
    rows.push({ timestamp: time, entity, metric: name, value });
  }
  return piece('metric', `evd_${entity}_${name}`, rows);
}

export function log(entity: string, rows: readonly Omit<LogLine, 'entity'>[]): Evidence {
  return piece(
    'log',
    `evd_log_${entity}`,
    rows.map((row) => ({ entity, ...row })),
  );
}

/** One info line a minute from 13:30 to 14:20, and from 14:02 on also three error lines a minute. */
export function logWithErrors(entity: string, message: string): Evidence {
  const rows: Omit<LogLine, 'entity'>[] = [];
  for (let time = at('13:30'); time <= at('14:20'); time += MINUTE) {
    rows.push({ timestamp: time, level: 'info', message: `served request ${time % 977} in 12 ms` });
    if (time < at('14:02')) continue;
    for (let i = 0; i < 3; i += 1) rows.push({ timestamp: time + i * 1000, level: 'error', message });
  }
  return log(entity, rows);
}

export function change(clock: string, changes: Partial<Change> = {}): Evidence {
  const row: Change = {
    changeId: `chg_${clock}`,
    type: 'deploy',
    service: 'checkout',
    version: 'v42',
    summary: 'Rewrite the price rules',
    occurredAt: at(clock),
    ...changes,
  };
  return piece('deployment', `evd_change_${clock}`, [row]);
}

export function topology(...edges: readonly (readonly [string, string])[]): Evidence {
  const rows = edges.map(([caller, callee]) => ({ caller, callee }));
  return piece('topology', 'evd_topology', rows);
}

export function statements({ hypotheses }: AgentReport): string[] {
  return hypotheses.map(({ statement, status }) => `${status}: ${statement}`);
}
