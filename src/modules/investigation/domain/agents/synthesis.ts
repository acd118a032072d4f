import { compareText } from '../compare-text.js';
import type { EvidenceSet } from '../evidence/evidence-set.js';
import type { FindingKind } from '../finding.js';
import { getOrAdd } from '../get-or-add.js';
import { hypothesis, type Hypothesis } from '../hypothesis.js';
import { localisedFault } from '../topology/localised-fault.js';
import { serviceOf } from '../evidence/service-name.js';
import { asShares, combineSuspects } from '../topology/suspects.js';
import { count, shortened } from '../wording.js';
import { writtenContext } from '../evidence/written-context.js';
import { type Agent, type AgentReport, type InvestigationContext, reportOf, type Suspect } from './agent.js';
import { SYNTHESIS } from './names.js';

/** A local fault that metrics and logs agree on, though neither says why. */
const LOCALISED = 0.4;
/** What an entity that nothing else points at loses of its score. */
const LEAST_SUSPECT = 0.7;
/** What a platform or a database says of itself needs nobody to agree. */
const STATED: ReadonlySet<FindingKind> = new Set<FindingKind>(['platform_state', 'database_limit']);

/**
 * Weighs what the others found against each other: joins hypotheses about one entity, lets an outside cause speak
 * against changes, and ranks the rest. It adds no facts of its own but what people wrote, for people.
 */
export const synthesis: Agent = {
  name: SYNTHESIS,
  needs: ['runbook', 'note'],
  after: 'all',
  run(evidence: EvidenceSet, { reports }: InvestigationContext): AgentReport {
    const all = reports.flatMap(({ hypotheses }) => hypotheses);
    const suspects = asShares(combineSuspects(...reports.map(({ suspects: suspected }) => suspected)));
    const joined = joinedByEntity(all);
    const ranked = doubtedByOutsideCause(
      weighedBySuspicion([...joined, ...localisedFault(joined, reports, evidence)], suspects),
      all,
    ).sort((a, b) => b.score - a.score || compareText(a.statement, b.statement));
    return reportOf(SYNTHESIS, message(ranked, reports), {
      findings: writtenContext(
        evidence,
        ranked.find(({ status }) => status === 'supported'),
      ),
      hypotheses: ranked,
      suspects,
    });
  },
};

/** An entity that others point at more is less likely the cause, whatever its own metrics or messages say. */
function weighedBySuspicion(hypotheses: readonly Hypothesis[], suspects: readonly Suspect[]): Hypothesis[] {
  const most = suspects[0]?.score ?? 0;
  const byService = new Map<string, number>();
  for (const { entity, score } of suspects) {
    byService.set(serviceOf(entity), Math.max(score, byService.get(serviceOf(entity)) ?? 0));
  }
  return hypotheses.map((each) => {
    if (each.entity === undefined || each.category === 'change' || most === 0) return each;
    if (each.witnesses.some((kind) => STATED.has(kind))) return each;
    const relative = (byService.get(serviceOf(each.entity)) ?? 0) / most;
    return hypothesis({ ...each, score: each.score * (1 - LEAST_SUSPECT + LEAST_SUSPECT * relative) });
  });
}

/** Demand counts when the metrics show it and the messages of the same service say that it is too much. */
function isOutside(each: Hypothesis, _place: number, all: readonly Hypothesis[]): boolean {
  if (each.status !== 'supported') return false;
  if (each.category === 'external') return true;
  return (
    each.category === 'demand' &&
    each.witnesses.includes('named_cause') &&
    all.some(({ entity, witnesses }) => entity === each.entity && witnesses.includes('demand_rise'))
  );
}

/** When the error messages name a cause outside, blaming a change would be the worst answer. */
function doubtedByOutsideCause(
  hypotheses: readonly Hypothesis[],
  heard: readonly Hypothesis[],
): Hypothesis[] {
  const outside = heard.filter(isOutside);
  if (outside.length === 0) return [...hypotheses];
  const against = outside.flatMap(({ supportedBy }) => supportedBy);
  return hypotheses.map((suspected) =>
    suspected.category !== 'change' ||
    suspected.status === 'ruled_out' ||
    suspected.witnesses.includes('change_in_log_text')
      ? suspected
      : hypothesis({
          ...suspected,
          score: suspected.score / 2,
          status: 'open',
          contradictedBy: [...suspected.contradictedBy, ...against],
          because: `The errors point outside: ${shortened(outside[0]?.statement ?? '', 200)}.`,
        }),
  );
}

/**
 * Hypotheses of different agents about one service are one: the most telling leads, the others bear witness. The
 * doubt that remains is the product of the leader's doubt and half of each other's.
 */
function joinedByEntity(hypotheses: readonly Hypothesis[]): Hypothesis[] {
  const apart: Hypothesis[] = [];
  const groups = new Map<string, Hypothesis[]>();
  for (const each of hypotheses) {
    if (each.entity === undefined || each.category === 'change' || each.category === 'known_pattern') {
      apart.push(each);
      continue;
    }
    getOrAdd(groups, serviceOf(each.entity), () => []).push(each);
  }
  return [...apart, ...[...groups.values()].map(joined)];
}

function joined(group: readonly Hypothesis[]): Hypothesis {
  const sorted = [...group].sort(
    (a, b) =>
      Number(b.status === 'supported') - Number(a.status === 'supported') ||
      b.score - a.score ||
      compareText(a.statement, b.statement),
  );
  const leader = sorted[0];
  if (!leader) throw new TypeError('A group of hypotheses is never empty.');
  const others = sorted
    .slice(1)
    .filter((other) => other.witnesses.some((kind) => !leader.witnesses.includes(kind)));
  if (others.length === 0) return leader;
  const doubt = others.reduce((rest, { score }) => rest * (1 - score / 2), 1 - leader.score);
  const { because, ...rest } = leader;
  const failureMode = sorted.find((each) => each.failureMode !== undefined)?.failureMode;
  const supported = leader.status === 'supported' || bothSaySo(sorted);
  return hypothesis({
    ...rest,
    score: supported ? Math.max(leader.status === 'supported' ? 0 : LOCALISED, 1 - doubt) : 1 - doubt,
    status: supported ? 'supported' : leader.status,
    supportedBy: [...leader.supportedBy, ...others.flatMap(({ supportedBy }) => supportedBy)],
    witnesses: [...leader.witnesses, ...others.flatMap(({ witnesses }) => witnesses)],
    ...(failureMode === undefined ? {} : { failureMode }),
    ...(supported || because === undefined ? {} : { because }),
  });
}

function bothSaySo(group: readonly Hypothesis[]): boolean {
  const kinds = new Set(group.flatMap(({ witnesses }) => witnesses));
  return kinds.has('metric_shift') && (kinds.has('new_error') || kinds.has('risen_error'));
}

function message(ranked: readonly Hypothesis[], reports: readonly AgentReport[]): string {
  const facts = reports.reduce((sum, { findings }) => sum + findings.length, 0);
  const weighed = `Weighed ${count(facts, 'finding')} and ${count(ranked.length, 'hypothesis', 'hypotheses')}`;
  const best = ranked.find(({ status }) => status === 'supported');
  return best
    ? `${weighed}; the evidence supports most: ${shortened(best.statement, 300)}.`
    : `${weighed}; the evidence supports none of them.`;
}
