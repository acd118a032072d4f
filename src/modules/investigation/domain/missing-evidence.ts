import type { InvestigatedIncident } from './agents/agent.js';
import { clockTime } from './wording.js';

type Missable = 'logs' | 'metrics' | 'changes' | 'topology' | 'requests' | 'traces';

/** What would help and is not there, as a noun phrase that follows "Attach or connect". */
export function missingEvidence(what: Missable, { service, alertedAt }: InvestigatedIncident): string {
  const whose = service ?? 'the failing service';
  const when = clockTime(alertedAt);
  switch (what) {
    case 'logs':
      return `logs of ${whose} around ${when}`;
    case 'metrics':
      return `metrics of ${whose} and what it depends on, from an hour before ${when}`;
    case 'changes':
      return `changes (deploys, configuration, flags) of ${whose} in the 6 hours before ${when}`;
    case 'topology':
      return `the call graph around ${whose}`;
    case 'traces':
      return `traces of ${whose} and what it calls, from before and after ${when}`;
    case 'requests':
      return `request counts with latency or error ratios of ${whose} and what it calls`;
  }
}
