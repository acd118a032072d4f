import { Injectable } from '@nestjs/common';
import { newId, type TenantId } from '#kernel/domain/ids';
import { type ArrivedAlert, IncidentLifecycle } from '#modules/ingestion/api';
import type { InvestigatedIncident } from '../domain/agents/agent.js';
import { ALERT_STORM } from '../domain/agents/names.js';
import { alertKind } from '../domain/alert-kind.js';
import { count } from '../domain/wording.js';
import { AlertHistory, type Usual } from './alert-history.js';
import type { RemoteDesk } from './desks.js';
import type { FoundEvidence } from './found-evidence.js';
import { keptPiece } from './kept-piece.js';

const WINDOW = 10 * 60_000;
const MOST_ALERTS = 2_000;
const MOST_ENTITIES = 100;
const MOST_INCIDENTS = 20;
/** Fewer than this at a time are no storm, and say nothing of one another. */
const FEWEST_ALERTS = 5;
const FEWEST_ENTITIES = 3;

/** What else went off around an alert: one piece of evidence for each entity, when it is many and much. */
@Injectable()
export class AlertsAround {
  constructor(
    private readonly incidents: IncidentLifecycle,
    private readonly history: AlertHistory,
  ) {}

  async execute(
    desk: RemoteDesk,
    tenantId: TenantId,
    { alertedAt }: InvestigatedIncident,
  ): Promise<FoundEvidence> {
    const [from, to] = [new Date(alertedAt - WINDOW), new Date(alertedAt + WINDOW)];
    const alerts = await this.incidents.alertsBetween(tenantId, from, to, MOST_ALERTS);
    const unread =
      alerts.length < MOST_ALERTS
        ? []
        : [`More alerts arrived around this one than the first ${MOST_ALERTS}, which were read.`];
    const byEntity = new Map<string, Kinds>();
    for (const alert of alerts) {
      const kind = alertKind(alert);
      if (!kind) continue;
      const kinds: Kinds = byEntity.get(kind.entity) ?? new Map<string, ArrivedAlert[]>();
      byEntity.set(kind.entity, kinds.set(kind.signal, [...(kinds.get(kind.signal) ?? []), alert]));
    }
    if (alerts.length < FEWEST_ALERTS || byEntity.size < FEWEST_ENTITIES) return { records: [], unread };
    const all = [...byEntity].flatMap(([entity, kinds]) =>
      [...kinds.keys()].map((signal) => ({ entity, signal })),
    );
    const usual = await this.history.before(tenantId, from, all);
    const query = `alerts that arrived from ${from.toISOString()} to ${to.toISOString()}`;
    const records = await Promise.all(
      [...byEntity].slice(0, MOST_ENTITIES).map(([entity, kinds]) => {
        const head = { ...headAbout(entity, kinds), query, observedAt: new Date(alertedAt) };
        return keptPiece(desk, head, rowsAbout(entity, kinds, usual));
      }),
    );
    return { records, unread };
  }
}

type Kinds = Map<string, ArrivedAlert[]>;

function headAbout(entity: string, kinds: Kinds) {
  const alerts = [...kinds.values()].reduce((sum, each) => sum + each.length, 0);
  return {
    evidenceId: newId('evd'),
    type: 'platform_event',
    source: 'alerts',
    agentName: ALERT_STORM,
    summary: `${count(alerts, 'alert')} about ${entity}, of ${count(kinds.size, 'kind')}`,
  } as const;
}

function rowsAbout(entity: string, kinds: Kinds, usual: Usual): object[] {
  return [...kinds].map(([signal, each]) => ({
    entity,
    signal,
    about: 'metric',
    seenBefore: usual.seen({ entity, signal }),
    stormsBefore: usual.storms,
    count: each.length,
    title: each[0]?.title,
    incidentIds: each.slice(0, MOST_INCIDENTS).map(({ incidentId }) => incidentId),
  }));
}
