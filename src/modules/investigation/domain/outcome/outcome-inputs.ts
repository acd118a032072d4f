import type { AgentReport, InvestigationContext } from '../agents/agent.js';
import { SYNTHESIS } from '../agents/names.js';
import type { OutcomeInputs } from './decide-outcome.js';
import type { EvidenceSet } from '../evidence/evidence-set.js';
import { hypothesis } from '../hypothesis.js';
import { localise } from '../topology/localisation.js';

/** What `decideOutcome` reads, taken from a finished run: the synthesis's hypotheses and what everyone lacked. */
export function outcomeInputs(
  reports: readonly AgentReport[],
  evidence: EvidenceSet,
  { onset, knownSolution }: InvestigationContext,
): OutcomeInputs {
  const kinds = new Set(reports.flatMap(({ findings }) => findings.map(({ kind }) => kind)));
  const inputs: OutcomeInputs = {
    onset: { at: onset.at, basis: onset.basis },
    hypotheses: reports.find(({ agentName }) => agentName === SYNTHESIS)?.hypotheses ?? [],
    read: { metrics: evidence.has('metric', 'database'), logs: evidence.has('log', 'platform_event') },
    quiet: {
      metrics: kinds.has('metrics_quiet'),
      logs: kinds.has('logs_quiet'),
      platform: kinds.has('platform_quiet'),
    },
    localisation: localise(reports),
    missing: [...new Set(reports.flatMap(({ missing }) => missing))],
    failed: reports.flatMap(({ agentName, failed }) => (failed ? agentName : [])),
  };
  return knownSolution?.decision === 'accepted' ? asAccepted(inputs) : inputs;
}

/** A person's word on the known solution outweighs what else the run found. */
function asAccepted(inputs: OutcomeInputs): OutcomeInputs {
  const hypotheses = inputs.hypotheses.map((each) =>
    each.category === 'known_pattern' || each.status !== 'supported'
      ? each
      : hypothesis({ ...each, status: 'open', because: 'A person accepted the known solution instead.' }),
  );
  return { ...inputs, hypotheses };
}
