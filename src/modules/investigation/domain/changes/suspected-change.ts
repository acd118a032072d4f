import type { Cited } from '../evidence/cited.js';
import type { Change, ChangeType } from '../evidence/evidence.js';
import type { SuspectedChange } from '../hypothesis.js';
import { sameService } from '../evidence/service-name.js';
import { shortened } from '../wording.js';

/** @param changes all known changes, oldest first, to find the version that was replaced */
export function suspectedChange(change: Change, changes: readonly Cited<Change>[]): SuspectedChange {
  const before = changes.findLast(
    ({ row }) =>
      row.type === change.type &&
      row.occurredAt < change.occurredAt &&
      row.version !== undefined &&
      row.version !== change.version &&
      row.environment === change.environment &&
      sameService(row.service, change.service),
  );
  return {
    changeId: change.changeId ?? null,
    type: change.type,
    service: change.service,
    environment: change.environment ?? null,
    version: change.version ?? null,
    previousVersion: change.previousVersion ?? before?.row.version ?? null,
    summary: change.summary,
    url: change.url ?? null,
    occurredAt: change.occurredAt,
    ...(change.commit === undefined ? {} : { commit: change.commit }),
  };
}

const NAMES: Readonly<Record<ChangeType, string>> = {
  deploy: 'Deploy',
  config: 'Configuration change',
  flag: 'Flag change',
  schema: 'Schema change',
  infra: 'Infrastructure change',
  code: 'Commit',
};

/** `Deploy v42 of checkout (“Use new pool”)`. */
export function described({ type, version, service, summary }: Change): string {
  return `${NAMES[type]}${version === undefined ? '' : ` ${version}`} of ${service} (“${shortened(summary, 100)}”)`;
}
