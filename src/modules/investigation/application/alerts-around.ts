import { Injectable } from '@nestjs/common';
import { newId, type TenantId } from '#kernel/domain/ids';
import { type ArrivedAlert, IncidentLifecycle } from '#modules/ingestion/api';
import type { InvestigatedIncident } from '../domain/agents/agent.js';
import { ALERT_STORM } from '../domain/agents/names.js';
import { type AlertKind, alertKind } from '../domain/alerts/alert-kind.js';
import { count } from '../domain/wording.js';
import { AlertHistory, type Usual } from './alert-history.js';
import type { RemoteDesk } from './desks.js';
import type { FoundEvidence } from './found-evidence.js';
import { keptPiece } from './kept-piece.js';

const WINDOW = 10 * 60_000;
const MOST_ALERTS = 2_000;
/** Those with the most unusual alerts; every run of a storm keeps what it read. */
const MOST_ENTITIES = 30;
const MOST_KINDS = 20;
const MOST_INCIDENTS = 5;
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
      const kinds: Kinds = byEntity.get(kind.entity) ?? new Map<string, Alike>();
      byEntity.set(kind.entity, kinds);
      const key = JSON.stringify([kind.signal, kind.about, kind.caller]);
      const alike = kinds.get(key);
      if (alike) alike.alerts.push(alert);
      else kinds.set(key, { kind, alerts: [alert] });
    }
    if (alerts.length < FEWEST_ALERTS || byEntity.size < FEWEST_ENTITIES) return { records: [], unread };
    const all = [...byEntity.values()].flatMap((kinds) => [...kinds.values()].map(({ kind }) => kind));
    const usual = await this.history.before(tenantId, from, all);
    const found = [...byEntity]
      .map(([entity, kinds]) => ({ entity, kinds, rows: rowsAbout(kinds, usual) }))
      .sort((a, b) => seenOf(a.rows) - seenOf(b.rows) || b.rows.length - a.rows.length);
    const query = `alerts that arrived from ${from.toISOString()} to ${to.toISOString()}`;
    const records = await Promise.all(
      found.slice(0, MOST_ENTITIES).map(({ entity, kinds, rows }) => {
        const head = { ...headAbout(entity, kinds), query, observedAt: new Date(alertedAt) };
        return keptPiece(desk, head, rows);
      }),
    );
    if (found.length > MOST_ENTITIES) {
      const left = count(found.length - MOST_ENTITIES, 'entity', 'entities');
      unread.push(
        `The alerts of ${left} with more usual ones than the other ${MOST_ENTITIES} were not weighed.`,
      );
    }
    return { records, unread };
  }
}

interface Alike {
  readonly kind: AlertKind;
  readonly alerts: ArrivedAlert[];
}

type Kinds = Map<string, Alike>;

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
function rowsAbout(kinds: Kinds, usual: Usual) {
  return [...kinds.values()]
    .map(({ kind, alerts }) => ({
      ...kind,
      seenBefore: usual.seen(kind),
      stormsBefore: usual.storms,
      count: alerts.length,
      title: alerts[0]?.title,
      incidentIds: alerts.slice(0, MOST_INCIDENTS).map(({ incidentId }) => incidentId),
    }))
    .sort((a, b) => a.seenBefore - b.seenBefore)
    .slice(0, MOST_KINDS);
}

function seenOf(rows: ReturnType<typeof rowsAbout>): number {
  return rows[0]?.seenBefore ?? Infinity;
}
