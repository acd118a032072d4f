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

/** The lowest score of an entity on which metrics and logs agree, although neither tells the reason. */
const LOCALISED = 0.4;
/** The share of its score that an entity without suspicion loses. */
const MAX_PENALTY = 0.7;
/** Kinds of finding that need no agreement: what a platform or a database reports about itself. */
const STATED: ReadonlySet<FindingKind> = new Set<FindingKind>(['platform_state', 'database_limit']);

/**
 * Combines the other agents' hypotheses: joins those about one entity, lowers changes when there is an external cause, and
 * ranks the result. Its only findings of its own are excerpts of notes and runbooks.
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

/** Lowers the score of a hypothesis by how much less its entity is suspected than the first suspect. */
function weighedBySuspicion(hypotheses: readonly Hypothesis[], suspects: readonly Suspect[]): Hypothesis[] {
  const highest = suspects[0]?.score ?? 0;
  const byService = new Map<string, number>();
  for (const { entity, score } of suspects) {
    byService.set(serviceOf(entity), Math.max(score, byService.get(serviceOf(entity)) ?? 0));
  }
  return hypotheses.map((each) => {
    if (each.entity === undefined || each.category === 'change' || highest === 0) return each;
    if (each.witnesses.some((kind) => STATED.has(kind))) return each;
    const relative = (byService.get(serviceOf(each.entity)) ?? 0) / highest;
    return hypothesis({ ...each, score: each.score * (1 - MAX_PENALTY + MAX_PENALTY * relative) });
  });
}

/** An external cause, or demand that both the metrics and the messages of a service show. */
function isOutside(each: Hypothesis, _index: number, all: readonly Hypothesis[]): boolean {
  if (each.status !== 'supported') return false;
  if (each.category === 'external') return true;
  return (
    each.category === 'demand' &&
    each.witnesses.includes('named_cause') &&
    all.some(({ entity, witnesses }) => entity === each.entity && witnesses.includes('demand_rise'))
  );
}

/** Halves and opens changes when error messages name an external cause, unless the errors also name the change. */
function doubtedByOutsideCause(hypotheses: readonly Hypothesis[], all: readonly Hypothesis[]): Hypothesis[] {
  const outside = all.filter(isOutside);
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
 * Joins hypotheses about the same service: the strongest one keeps its statement, the others add evidence. The joined
 * score is `1 − (1 − leader)·Π (1 − other / 2)` over the others with new witnesses.
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
