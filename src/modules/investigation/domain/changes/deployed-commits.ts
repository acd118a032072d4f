import { isId } from '#kernel/domain/ids';
import type { Cited } from '../evidence/evidence-set.js';
import type { Change } from '../evidence/evidence.js';

/** A change with what else is known of it, and all evidence that it is known from. */
export interface KnownChange extends Cited<Change> {
  readonly evidenceIds: readonly string[];
}

/**
 * Deploys with the message, the paths and the diff of the commit that they put in place. Such a commit does not stand
 * beside its deploy again: what is left are the commits of which nothing shows that they were running.
 */
export function withDeployedCommits(all: readonly Cited<Change>[]): KnownChange[] {
  const changes = once(all);
  const commits = new Map<string, KnownChange>();
  for (const each of changes) {
    if (each.row.type === 'code' && each.row.commit !== undefined) commits.set(each.row.commit, each);
  }
  const deployed = new Set<string>();
  for (const { row } of changes)
    if (row.type !== 'code' && row.commit !== undefined) deployed.add(row.commit);
  return changes
    .filter(({ row }) => row.type !== 'code' || row.commit === undefined || !deployed.has(row.commit))
    .map((change): KnownChange => {
      const { row, evidenceId, evidenceIds } = change;
      const commit = row.type === 'code' || row.commit === undefined ? undefined : commits.get(row.commit);
      if (!commit) return change;
      const { paths, diff, summary } = commit.row;
      return {
        evidenceId,
        evidenceIds: [...evidenceIds, ...commit.evidenceIds],
        row: {
          ...row,
          summary: `${summary} (${row.summary})`,
          ...(paths === undefined ? {} : { paths }),
          ...(diff === undefined ? {} : { diff }),
        },
      };
    });
}

/**
 * A deploy that was recorded and was found where it was made, too, is one, and so is one that is told twice in the same words:
 * it would be its own rival. What the earlier says and the later does not, is kept.
 */
function once(changes: readonly Cited<Change>[]): KnownChange[] {
  const known = new Map<string, KnownChange>();
  for (const change of changes) {
    const { evidenceId, row } = change;
    const name = isId('chg', row.changeId) ? row.changeId : JSON.stringify(row);
    const earlier = known.get(name);
    known.set(name, {
      evidenceId,
      evidenceIds: [evidenceId, ...(earlier?.evidenceIds ?? [])],
      row: { ...earlier?.row, ...row },
    });
  }
  return [...known.values()];
}
