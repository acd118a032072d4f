import type { Evidence, EvidenceType } from '#modules/investigation/domain/evidence/evidence';
import { readEvidence } from '#modules/investigation/domain/evidence/read-evidence';

/** One piece of evidence of a case, by the product's own reading of its rows; none when there are no rows. */
export function piece(
  type: EvidenceType,
  evidenceId: string,
  source: string,
  rows: readonly unknown[],
): Evidence[] {
  if (rows.length === 0) return [];
  return [readEvidence(type, { evidenceId, source, summary: `${type} from ${source}`, observedAt: 0 }, rows)];
}

/** One piece for each entity, so that a finding cites no more than it rests on. */
export function pieceForEach(
  type: EvidenceType,
  name: string,
  source: string,
  rows: readonly { readonly entity: string }[],
): Evidence[] {
  const byEntity = new Map<string, { readonly entity: string }[]>();
  for (const row of rows) {
    const own = byEntity.get(row.entity);
    if (own) own.push(row);
    else byEntity.set(row.entity, [row]);
  }
  return [...byEntity].flatMap(([entity, own]) => piece(type, `${name}:${entity}`, source, own));
}
