import { isId } from '#kernel/domain/ids';
import type { Cited } from '../evidence/cited.js';
import type { Change } from '../evidence/evidence.js';

/** A change merged from several records, and the evidence ids of all of them. */
export interface KnownChange extends Cited<Change> {
  readonly evidenceIds: readonly string[];
}

/**
 * Merges each deploy with its commit: the deploy gets the commit's message, paths and diff, and the commit is dropped.
 * Commits that no deploy refers to remain; nothing shows that they were running.
 */
export function withDeployedCommits(all: readonly Cited<Change>[]): KnownChange[] {
  const changes = deduplicated(all);
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
 * Merges records of the same change (same change id, or equal content), which would otherwise be rivals. Fields of the
 * later record win; fields that only the earlier one has are kept.
 */
function deduplicated(changes: readonly Cited<Change>[]): KnownChange[] {
  const known = new Map<string, KnownChange>();
  for (const change of changes) {
    const { evidenceId, row } = change;
    const name = isId('chg', row.changeId) ? row.changeId : JSON.stringify(row);
    const earlier = known.get(name);
    const cited = earlier?.evidenceIds ?? [];
    known.set(name, {
      evidenceId,
      evidenceIds: cited.includes(evidenceId) ? cited : [evidenceId, ...cited],
      row: { ...earlier?.row, ...row },
    });
  }
  return [...known.values()];
}
