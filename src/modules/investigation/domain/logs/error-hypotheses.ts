import { compareText } from '../compare-text.js';
import type { FindingKind } from '../finding.js';
import { hypothesis, type Hypothesis } from '../hypothesis.js';
import type { TemplateShift } from './log-comparison.js';
import { type NamedCause, namedCauseIn } from './named-causes.js';
import { count, percent, shortened } from '../wording.js';

/** An error template that is new or more frequent, and the kind of finding it gives. */
export interface ErrorAnomaly {
  readonly template: TemplateShift;
  readonly kind: FindingKind;
}

/** Share of the new error lines from which an external cause explains the logs better than a change. */
const MIN_EXTERNAL_SHARE = 0.2;
const MAX_HYPOTHESES = 12;

interface Group {
  readonly entity: string;
  readonly cause: NamedCause | undefined;
  readonly anomalies: ErrorAnomaly[];
}

/**
 * Hypotheses from error messages, grouped by entity and stated cause: supported when the messages state their cause, open
 * when they only state what fails.
 * @returns those with most error lines first
 */
export function errorHypotheses(anomalies: readonly ErrorAnomaly[]): Hypothesis[] {
  const total = lineCountOf(anomalies);
  const groups = groupsOf(anomalies);
  const byCause = new Map<string, number>();
  for (const { cause, anomalies: own } of groups) {
    if (cause) byCause.set(cause.name, (byCause.get(cause.name) ?? 0) + lineCountOf(own));
  }
  return groups
    .sort((a, b) => lineCountOf(b.anomalies) - lineCountOf(a.anomalies) || compareText(a.entity, b.entity))
    .slice(0, MAX_HYPOTHESES)
    .map((group) => {
      const share = lineCountOf(group.anomalies) / total;
      if (!group.cause) return unnamedHypothesis(group, share);
      return namedHypothesis(group.cause, group, share, (byCause.get(group.cause.name) ?? 0) / total);
    });
}

function groupsOf(anomalies: readonly ErrorAnomaly[]): Group[] {
  const groups = new Map<string, Group>();
  for (const anomaly of anomalies) {
    const cause = namedCauseIn(anomaly.template.sample);
    const key = `${cause?.name ?? ''}\0${anomaly.template.entity}`;
    const group = groups.get(key) ?? { cause, entity: anomaly.template.entity, anomalies: [] };
    group.anomalies.push(anomaly);
    groups.set(key, group);
  }
  return [...groups.values()];
}

function namedHypothesis(cause: NamedCause, group: Group, share: number, causeShare: number): Hypothesis {
  const supported = cause.category !== 'external' || causeShare >= MIN_EXTERNAL_SHARE;
  return hypothesis({
    statement: `${group.entity} ${cause.predicate}: ${excerptOf(group)}`,
    score: supported ? 0.35 + 0.25 * share : 0.15,
    status: supported ? 'supported' : 'open',
    supportedBy: evidenceOf(group),
    category: cause.category,
    witnesses: [...kindsOf(group), 'named_cause'],
    entity: group.entity,
    ...(cause.failureMode === undefined ? {} : { failureMode: cause.failureMode }),
    ...(supported ? {} : { because: `Only ${percent(causeShare)} of the new error lines say so.` }),
  });
}

function unnamedHypothesis(group: Group, share: number): Hypothesis {
  return hypothesis({
    statement: `A fault inside ${group.entity} shows as ${excerptOf(group)}`,
    score: 0.1 + 0.2 * share,
    status: 'open',
    supportedBy: evidenceOf(group),
    category: 'errors',
    witnesses: kindsOf(group),
    because: 'The messages show what fails, but not why.',
    entity: group.entity,
  });
}

function excerptOf({ anomalies }: Group): string {
  return `“${shortened(anomalies[0]?.template.sample ?? '')}” ${count(lineCountOf(anomalies), 'time')}`;
}

function evidenceOf({ anomalies }: Group): string[] {
  return anomalies.flatMap(({ template }) => template.evidenceIds);
}

function kindsOf({ anomalies }: Group): FindingKind[] {
  return anomalies.map(({ kind }) => kind);
}

function lineCountOf(anomalies: readonly ErrorAnomaly[]): number {
  return anomalies.reduce((sum, { template }) => sum + template.after, 0);
}
