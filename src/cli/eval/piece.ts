import type { Evidence, EvidenceType } from '#modules/investigation/domain/evidence/evidence';
import { readEvidence } from '#modules/investigation/domain/evidence/read-evidence';
import { getOrAdd } from '#modules/investigation/domain/get-or-add';

/** One piece of evidence, parsed as the product does; none without rows. */
export function piece(
  type: EvidenceType,
  evidenceId: string,
  source: string,
  rows: readonly unknown[],
): Evidence[] {
  if (rows.length === 0) return [];
  return [readEvidence(type, { evidenceId, source, summary: `${type} from ${source}`, observedAt: 0 }, rows)];
}

/** One piece for each entity, so that a finding cites only the rows of its entity. */
export function pieceForEach(
  type: EvidenceType,
  name: string,
  source: string,
  rows: readonly { readonly entity: string }[],
): Evidence[] {
  const byEntity = new Map<string, { readonly entity: string }[]>();
  for (const row of rows) getOrAdd(byEntity, row.entity, () => []).push(row);
  return [...byEntity].flatMap(([entity, own]) => piece(type, `${name}:${entity}`, source, own));
}
