import { compareText } from '../compare-text.js';
import type { FindingKind } from '../finding.js';
import { hypothesis, type Hypothesis } from '../hypothesis.js';
import type { TemplateUse } from './log-comparison.js';
import { type NamedCause, namedCauseIn } from './named-causes.js';
import { count, percent, shortened } from '../wording.js';

/** A message of failure that is new or more frequent, and what kind of fact that is. */
export interface ErrorTrouble {
  readonly use: TemplateUse;
  readonly kind: FindingKind;
}

/** From this share of the new error lines on, an outside cause explains the logs better than any change. */
const EXTERNAL_SHARE = 0.2;
const MOST_HYPOTHESES = 12;

interface Group {
  readonly entity: string;
  readonly cause: NamedCause | undefined;
  readonly troubles: ErrorTrouble[];
}

/**
 * What the messages of failure suggest, by entity and by the cause that they name themselves: one that names its cause
 * is a supported hypothesis, one that only tells what fails stays open.
 */
export function errorHypotheses(troubles: readonly ErrorTrouble[]): Hypothesis[] {
  const volume = lines(troubles);
  const groups = groupsOf(troubles);
  const byCause = new Map<string, number>();
  for (const { cause, troubles: own } of groups) {
    if (cause) byCause.set(cause.name, (byCause.get(cause.name) ?? 0) + lines(own));
  }
  return groups
    .sort((a, b) => lines(b.troubles) - lines(a.troubles) || compareText(a.entity, b.entity))
    .slice(0, MOST_HYPOTHESES)
    .map((group) => {
      const share = lines(group.troubles) / volume;
      if (!group.cause) return unnamedHypothesis(group, share);
      return namedHypothesis(group.cause, group, share, (byCause.get(group.cause.name) ?? 0) / volume);
    });
}

function groupsOf(troubles: readonly ErrorTrouble[]): Group[] {
  const groups = new Map<string, Group>();
  for (const trouble of troubles) {
    const cause = namedCauseIn(trouble.use.sample);
    const key = `${cause?.name ?? ''}\0${trouble.use.entity}`;
    const group = groups.get(key) ?? { cause, entity: trouble.use.entity, troubles: [] };
    group.troubles.push(trouble);
    groups.set(key, group);
  }
  return [...groups.values()];
}

function namedHypothesis(cause: NamedCause, group: Group, share: number, causeShare: number): Hypothesis {
  const weighty = cause.category !== 'external' || causeShare >= EXTERNAL_SHARE;
  return hypothesis({
    statement: `${group.entity} ${cause.says}: ${shown(group)}`,
    score: weighty ? 0.35 + 0.25 * share : 0.15,
    status: weighty ? 'supported' : 'open',
    supportedBy: evidenceOf(group),
    category: cause.category,
    witnesses: [...kindsOf(group), 'named_cause'],
    entity: group.entity,
    ...(cause.failureMode === undefined ? {} : { failureMode: cause.failureMode }),
    ...(weighty ? {} : { because: `Only ${percent(causeShare)} of the new error lines say so.` }),
  });
}

function unnamedHypothesis(group: Group, share: number): Hypothesis {
  return hypothesis({
    statement: `A fault inside ${group.entity} shows as ${shown(group)}`,
    score: 0.1 + 0.2 * share,
    status: 'open',
    supportedBy: evidenceOf(group),
    category: 'errors',
    witnesses: kindsOf(group),
    because: 'The messages tell what fails, not why.',
    entity: group.entity,
  });
}

function shown({ troubles }: Group): string {
  return `“${shortened(troubles[0]?.use.sample ?? '')}” ${count(lines(troubles), 'time')}`;
}

function evidenceOf({ troubles }: Group): string[] {
  return troubles.flatMap(({ use }) => use.evidenceIds);
}

function kindsOf({ troubles }: Group): FindingKind[] {
  return troubles.map(({ kind }) => kind);
}

function lines(troubles: readonly ErrorTrouble[]): number {
  return troubles.reduce((sum, { use }) => sum + use.after, 0);
}
