import type { Evidence } from '#modules/investigation/domain/evidence/evidence';
import { isEvidenceType } from '#modules/investigation/domain/evidence/read-evidence';
import { at, list, optionalText } from './json.js';
import type { RawCase } from './load-cases.js';
import { piece } from './piece.js';

/** Reads rows in the product's own format, which an exported case holds beside the fields of `rca-case/1`. */
export function readRows({ body }: RawCase): Evidence[] {
  return list(at(body, 'rows')).flatMap((group, i) => {
    const type = optionalText(group, 'type') ?? '';
    return isEvidenceType(type) ? piece(type, `rows:${type}:${i}`, 'rows', list(at(group, 'rows'))) : [];
  });
}
