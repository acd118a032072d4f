import { Injectable } from '@nestjs/common';
import { newId, type TenantId } from '#kernel/domain/ids';
import { type ArrivedAlert, IncidentLifecycle } from '#modules/ingestion/api';
import type { InvestigatedIncident } from '../../domain/agents/agent.js';
import { ALERT_STORM } from '../../domain/agents/names.js';
import { type AlertKind, alertKind } from '../../domain/alerts/alert-kind.js';
import { getOrAdd } from '../../domain/get-or-add.js';
import { count } from '../../domain/wording.js';
import { type AlertFrequencies, AlertHistory } from './alert-history.js';
import type { RemoteAnalyser } from '../analysis/analyser-pool.js';
import type { FoundEvidence } from './found-evidence.js';
import { addStoredPiece } from './add-stored-piece.js';

/** Milliseconds before and after the alert. */
const WINDOW = 10 * 60_000;
const MAX_ALERTS = 2_000;
/** Entities with the most unusual alerts come first. Bounded, because every run of a storm stores what it read. */
const MAX_ENTITIES = 30;
const MAX_KINDS = 20;
const MAX_INCIDENTS = 5;
/** Fewer alerts or entities than this are not a storm, and say nothing about one another. */
const MIN_ALERTS = 5;
const MIN_ENTITIES = 3;

/** The other alerts of a storm as evidence, one piece per entity; none unless there are enough alerts and entities. */
@Injectable()
export class ReadNearbyAlerts {
  constructor(
    private readonly incidents: IncidentLifecycle,
    private readonly history: AlertHistory,
  ) {}

  async execute(
    analyser: RemoteAnalyser,
    tenantId: TenantId,
    { alertedAt }: InvestigatedIncident,
  ): Promise<FoundEvidence> {
    const [from, to] = [new Date(alertedAt - WINDOW), new Date(alertedAt + WINDOW)];
    const alerts = await this.incidents.alertsBetween(tenantId, from, to, MAX_ALERTS);
    const unread =
      alerts.length < MAX_ALERTS
        ? []
        : [`More alerts arrived around this one than the first ${MAX_ALERTS}, which were read.`];
    const byEntity = new Map<string, Kinds>();
    for (const alert of alerts) {
      const kind = alertKind(alert);
      if (!kind) continue;
      const kinds = getOrAdd(byEntity, kind.entity, (): Kinds => new Map());
      const key = JSON.stringify([kind.signal, kind.about, kind.caller]);
      getOrAdd(kinds, key, () => ({ kind, alerts: [] })).alerts.push(alert);
    }
    if (alerts.length < MIN_ALERTS || byEntity.size < MIN_ENTITIES) return { records: [], unread };
    const all = [...byEntity.values()].flatMap((kinds) => [...kinds.values()].map(({ kind }) => kind));
    const usual = await this.history.before(tenantId, from, all);
    const found = [...byEntity]
      .map(([entity, kinds]) => ({ entity, kinds, rows: rowsAbout(kinds, usual) }))
      .sort((a, b) => seenOf(a.rows) - seenOf(b.rows) || b.rows.length - a.rows.length);
    const query = `alerts that arrived from ${from.toISOString()} to ${to.toISOString()}`;
    const records = await Promise.all(
      found.slice(0, MAX_ENTITIES).map(({ entity, kinds, rows }) => {
        const head = { ...headAbout(entity, kinds), query, observedAt: new Date(alertedAt) };
        return addStoredPiece(analyser, head, rows);
      }),
    );
    if (found.length > MAX_ENTITIES) {
      const left = count(found.length - MAX_ENTITIES, 'entity', 'entities');
      unread.push(
        `The alerts of ${left} with more usual ones than the other ${MAX_ENTITIES} were not weighed.`,
      );
    }
    return { records, unread };
  }
}

interface AlertsOfKind {
  readonly kind: AlertKind;
  readonly alerts: ArrivedAlert[];
}

type Kinds = Map<string, AlertsOfKind>;

function headAbout(entity: string, kinds: Kinds) {
  const alerts = [...kinds.values()].reduce((sum, each) => sum + each.alerts.length, 0);
  return {
    evidenceId: newId('evd'),
    type: 'platform_event',
    source: 'alerts',
    agentName: ALERT_STORM,
    summary: `${count(alerts, 'alert')} about ${entity}, of ${count(kinds.size, 'kind')}`,
  } as const;
}

/** The most unusual first. */
function rowsAbout(kinds: Kinds, usual: AlertFrequencies) {
  return [...kinds.values()]
    .map(({ kind, alerts }) => ({
      ...kind,
      seenBefore: usual.seen(kind),
      stormsBefore: usual.storms,
      count: alerts.length,
      title: alerts[0]?.title,
      incidentIds: alerts.slice(0, MAX_INCIDENTS).map(({ incidentId }) => incidentId),
    }))
    .sort((a, b) => a.seenBefore - b.seenBefore)
    .slice(0, MAX_KINDS);
}

function seenOf(rows: ReturnType<typeof rowsAbout>): number {
  return rows[0]?.seenBefore ?? Infinity;
}
