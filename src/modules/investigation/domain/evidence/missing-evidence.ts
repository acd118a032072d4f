import type { InvestigatedIncident } from '../agents/agent.js';
import { clockTime } from '../wording.js';

type MissingKind = 'logs' | 'metrics' | 'comparable metrics' | 'changes' | 'topology' | 'requests' | 'traces';

/** What would help and how to supply it, as a noun phrase that follows "Attach or connect". */
export function missingEvidence(what: MissingKind, incident: InvestigatedIncident): string {
  const { incidentId, service, alertedAt } = incident;
  const whose = service ?? 'the failing service, which the alert does not name,';
  const when = clockTime(alertedAt);
  const attach = `attach by POST /v1/incidents/${incidentId}/evidence as type`;
  switch (what) {
    case 'logs':
      return `logs of ${whose} around ${when} (${connect('loki or elasticsearch')}, or ${attach} log)`;
    case 'metrics':
      return (
        `metrics of ${whose} and what it depends on, from an hour before ${when} ` +
        `(${connect('prometheus')}, or ${attach} metric)`
      );
    case 'comparable metrics':
      return (
        `metric samples of ${whose} from both before and after ${when}; those that were read lie on one side ` +
        `(${connect('prometheus')}, or ${attach} metric)`
      );
    case 'changes':
      return (
        `changes (deploys, configuration, flags) of ${whose} in the 6 hours before ${when} ` +
        `(report them to POST /v1/changes, ${connect('github')}, or ${attach} deployment)`
      );
    case 'topology':
      return `the call graph around ${whose} (${attach} topology)`;
    case 'traces':
      return `traces of ${whose} and what it calls, from before and after ${when} (${attach} trace)`;
    case 'requests':
      return (
        `request counts with latency or error ratios of ${whose} and what it calls ` +
        `(${connect('prometheus')}, or ${attach} metric)`
      );
  }
}

function connect(providers: string): string {
  return `connect ${providers} by POST /v1/integrations/{provider}/connect`;
}
