import { sha256Hex } from '#kernel/crypto/secrets';
import { lenientText } from '#kernel/domain/lenient-text';
import type { Notice } from '#modules/integrations/api';
import type { IncidentReport } from '../domain/incident.js';

const LONGEST = { title: 500, description: 20_000, name: 200, id: 512, text: 4000 };
const MOST_TEXTS = 64;

/** A notice as the database can hold it: whatever a tool sent, it becomes a report. */
export function lenientReport(notice: Notice): IncidentReport {
  const title = textOf(notice.title, LONGEST.title) ?? 'Alert without a title';
  return {
    title,
    description: textOf(notice.description, LONGEST.description) ?? title,
    severity: notice.severity,
    service: textOf(notice.service, LONGEST.name),
    environment: textOf(notice.environment, LONGEST.name),
    tags: textsOf(notice.tags),
    metadata: textsOf(notice.metadata),
  };
}

/** Ids that are too long for an index stay apart by the hash of what is cut off. */
export function lenientId(id: string): string {
  if (id.length <= LONGEST.id) return lenientText(id, LONGEST.id);
  const hash = sha256Hex(id);
  return `${lenientText(id, LONGEST.id - hash.length)}${hash}`;
}

function textOf(text: string | null, longest: number): string | null {
  return text === null || text.trim() === '' ? null : lenientText(text, longest);
}

function textsOf(texts: Readonly<Record<string, string>>): Record<string, string> {
  const kept = Object.entries(texts).filter(([name]) => name !== '__proto__');
  return Object.fromEntries(
    kept
      .slice(0, MOST_TEXTS)
      .map(([name, text]) => [lenientText(name, LONGEST.name), lenientText(text, LONGEST.text)]),
  );
}
