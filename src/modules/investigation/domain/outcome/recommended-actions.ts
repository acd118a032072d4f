import type { Hypothesis, SuspectedChange } from '../hypothesis.js';
import { shortened } from '../wording.js';

/** What to do about a cause, and which evidence would confirm it. Sentences for people; plans are made by remediation. */
export function recommendedFor(cause: Hypothesis, missing: readonly string[]): string[] {
  return [actionFor(cause), ...missing.slice(0, 2).map((what) => `To make sure, attach or connect ${what}`)];
}

function actionFor({ category, change, entity }: Hypothesis): string {
  const where = entity ?? 'the failing service';
  switch (category) {
    case 'change':
      return change ? undo(change) : `Undo the change of ${where}`;
    case 'resource':
      return `Relieve ${where}: raise the limit that was reached, scale out, or take load off it`;
    case 'demand':
      return `Scale out ${where} or shed load; it gets more work than before`;
    case 'dependency':
      return `Restore ${where} first; what calls it suffers with it`;
    case 'external':
      return `Check the status of what ${where} depends on outside; no change of code explains this`;
    case 'errors':
      return `Look into ${where} where the errors began`;
    case 'known_pattern':
      return 'Resolve it as the known solution says';
  }
}

function undo({ type, service, version, previousVersion, ...change }: SuspectedChange): string {
  const summary = shortened(change.summary);
  switch (type) {
    case 'deploy':
      return `Roll back ${service}${version === null ? '' : ` from ${version}`} to ${previousVersion ?? 'the version before'}`;
    case 'config':
      return `Restore the configuration of ${service} from before “${summary}”`;
    case 'flag':
      return `Set the flag of ${service} back: “${summary}”`;
    case 'schema':
      return `Check the schema change “${summary}” of ${service} and undo it if it can be undone`;
    case 'infra':
      return `Undo the infrastructure change “${summary}” of ${service}`;
    case 'code':
      return `Revert the commit “${summary}” of ${service}`;
  }
}
