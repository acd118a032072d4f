import { sha256Hex } from '#kernel/crypto/secrets';
import { lenientText } from '#kernel/domain/lenient-text';
import type { Notice } from '#modules/integrations/api';
import type { IncidentReport } from '../domain/incident.js';

const MAX_LENGTH = { title: 500, description: 20_000, name: 200, id: 512, text: 4000 };
const MAX_TEXTS = 64;

/** Turns any notice into a report that the database can store. */
export function lenientReport(notice: Notice): IncidentReport {
  const title = textOf(notice.title, MAX_LENGTH.title) ?? 'Alert without a title';
  return {
    title,
    description: textOf(notice.description, MAX_LENGTH.description) ?? title,
    severity: notice.severity,
    service: textOf(notice.service, MAX_LENGTH.name),
    environment: textOf(notice.environment, MAX_LENGTH.name),
    tags: textsOf(notice.tags),
    metadata: textsOf(notice.metadata),
  };
}

/** An id that is too long for an index is truncated and kept unique by its hash. */
export function lenientId(id: string): string {
  if (id.length <= MAX_LENGTH.id) return lenientText(id, MAX_LENGTH.id);
  const hash = sha256Hex(id);
  return `${lenientText(id, MAX_LENGTH.id - hash.length)}${hash}`;
}

function textOf(text: string | null, longest: number): string | null {
  return text === null || text.trim() === '' ? null : lenientText(text, longest);
}

function textsOf(texts: Readonly<Record<string, string>>): Record<string, string> {
  const kept = Object.entries(texts).filter(([name]) => name !== '__proto__');
  return Object.fromEntries(
    kept
      .slice(0, MAX_TEXTS)
      .map(([name, text]) => [lenientText(name, MAX_LENGTH.name), lenientText(text, MAX_LENGTH.text)]),
  );
}
