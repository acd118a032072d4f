import { Injectable } from '@nestjs/common';
import { sha256Hex } from '#kernel/crypto/secrets';
import { newId, type TenantId } from '#kernel/domain/ids';
import { IncidentLifecycle, type IncidentSnapshot } from '#modules/ingestion/api';
import { type PatternMatch, Patterns } from '#modules/knowledge/api';
import type { EarlierIncident } from '../../domain/agents/agent.js';
import { knownSolution as agent } from '../../domain/agents/known-solution.js';
import type { NewEvidence } from '../../domain/run-records.js';
import type { KnownSolution } from '../../domain/known-solution.js';
import type { Memory } from '../../domain/run.js';
import { excerpt } from '../excerpt.js';

const MAX_EARLIER = 20;

export interface Recollection {
  readonly memory: Memory;
  readonly knownSolution: KnownSolution | null;
  readonly evidence: readonly NewEvidence[];
}

/** Collects what is known before evidence is read: the alert, earlier incidents of the service and a matching pattern. */
@Injectable()
export class RecallMemory {
  constructor(
    private readonly incidents: IncidentLifecycle,
    private readonly patterns: Patterns,
  ) {}

  async execute(tenantId: TenantId, incident: IncidentSnapshot): Promise<Recollection> {
    const before = await this.incidents.earlierOfService(tenantId, incident.incidentId, MAX_EARLIER);
    const match = await this.patterns.match(tenantId, incident);
    const { severity, environment, tags, metadata } = incident;
    const investigated = {
      ...textOf(incident),
      severity,
      environment,
      tags,
      metadata,
      evidenceId: newId('evd'),
    };
    const earlierIncidents = before.map((earlier) => ({
      ...textOf(earlier),
      rootCause: earlier.rootCause,
      similarity: this.patterns.matchScore(incident, earlier) ?? null,
      evidenceId: newId('evd'),
    }));
    const knownSolution = match ? solutionOf(match) : null;
    return {
      memory: { incident: investigated, earlierIncidents },
      knownSolution,
      evidence: [
        alertRecord(investigated.evidenceId, incident),
        ...earlierIncidents.map((earlier) => earlierRecord(earlier, incident)),
        ...(knownSolution ? [patternRecord(knownSolution, incident)] : []),
      ],
    };
  }
}

function textOf({ incidentId, title, description, service, createdAt }: IncidentSnapshot) {
  return { incidentId, title, description, service, alertedAt: createdAt.getTime() };
}

function solutionOf({ patternId, title, rootCause, runbookUrl, similarity }: PatternMatch): KnownSolution {
  const evidenceId = newId('evd');
  return { patternId, title, rootCause, runbookUrl, similarity, evidenceId, decision: 'undecided' };
}

function alertRecord(evidenceId: string, incident: IncidentSnapshot): NewEvidence {
  const { title, description, severity, service, environment, tags, metadata, createdAt } = incident;
  const source = incident.source === 'manual' ? 'incident report' : 'alert';
  return rowlessEvidence({
    evidenceId,
    type: 'platform_event',
    source,
    summary: `The ${source}: ${title}`,
    observedAt: createdAt,
    query: null,
    content: { title, description, severity, service, environment, tags, metadata },
  });
}

function earlierRecord(earlier: EarlierIncident, { service }: IncidentSnapshot): NewEvidence {
  return rowlessEvidence({
    evidenceId: earlier.evidenceId,
    type: 'note',
    source: 'earlier incidents',
    summary: `Earlier incident ${earlier.incidentId}: ${earlier.title}`,
    observedAt: new Date(earlier.alertedAt),
    query: `earlier incidents of ${service ?? 'no service'} with a root cause`,
    content: earlier,
  });
}

function patternRecord(
  { evidenceId, decision: _none, ...pattern }: KnownSolution,
  { createdAt }: IncidentSnapshot,
): NewEvidence {
  return rowlessEvidence({
    evidenceId,
    type: 'runbook',
    source: 'knowledge',
    summary: `Known pattern ${pattern.patternId}: ${pattern.title}`,
    observedAt: createdAt,
    query: 'the kept pattern that resembles the alert most',
    content: pattern,
  });
}

interface RowlessRecord extends Omit<
  NewEvidence,
  'agentName' | 'content' | 'contentHash' | 'origin' | 'rows'
> {
  readonly content: object;
}

function rowlessEvidence(record: RowlessRecord): NewEvidence {
  const content = JSON.stringify(record.content);
  return {
    ...record,
    agentName: agent.name,
    content: excerpt(content),
    contentHash: sha256Hex(content),
    origin: 'told',
    rows: null,
  };
}
