import type { AgentReport, InvestigationContext } from '../agents/agent.js';
import { SYNTHESIS } from '../agents/names.js';
import type { OutcomeInputs } from './decide-outcome.js';
import type { EvidenceSet } from '../evidence/evidence-set.js';
import { sameService } from '../evidence/service-name.js';
import type { Finding } from '../finding.js';
import { hypothesis } from '../hypothesis.js';
import { USER_FACING_ROLES, profileOf } from '../metrics/metric-profile.js';
import { localise } from '../topology/localisation.js';

/** The inputs of `decideOutcome`, derived from the reports of all agents. */
export function outcomeInputs(
  reports: readonly AgentReport[],
  evidence: EvidenceSet,
  { incident, onset, knownSolution }: InvestigationContext,
): OutcomeInputs {
  const findings = reports.flatMap((report) => report.findings);
  const kinds = new Set(findings.map(({ kind }) => kind));
  const inputs: OutcomeInputs = {
    onset: { at: onset.at, basis: onset.basis },
    hypotheses: reports.find(({ agentName }) => agentName === SYNTHESIS)?.hypotheses ?? [],
    read: { metrics: evidence.has('metric', 'database'), logs: evidence.has('log', 'platform_event') },
    quiet: {
      metrics: kinds.has('metrics_quiet'),
      logs: kinds.has('logs_quiet'),
      platform: kinds.has('platform_quiet') && !findings.some((each) => isFelt(each, incident.service)),
    },
    localisation: localise(reports),
    missing: [...new Set(reports.flatMap(({ missing }) => missing))],
    failed: reports.flatMap(({ agentName, failed }) => (failed ? agentName : [])),
  };
  return knownSolution?.decision === 'accepted' ? asAccepted(inputs) : inputs;
}

/** What the users of the failing service felt is not undone by what its platform or a database says of itself. */
function isFelt({ kind, entity = '', data }: Finding, service: string | null): boolean {
  const [metric, unit] = [data?.['metric'], data?.['unit']];
  if (kind !== 'metric_shift' || typeof metric !== 'string') return false;
  const { role } = profileOf(metric, typeof unit === 'string' ? unit : undefined);
  return USER_FACING_ROLES.has(role) && (service === null || sameService(entity, service));
}

/** An accepted known solution takes precedence: other supported hypotheses become open. */
function asAccepted(inputs: OutcomeInputs): OutcomeInputs {
  const hypotheses = inputs.hypotheses.map((each) =>
    each.category === 'known_pattern' || each.status !== 'supported'
      ? each
      : hypothesis({ ...each, status: 'open', because: 'A person accepted the known solution instead.' }),
  );
  return { ...inputs, hypotheses };
}
