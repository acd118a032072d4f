import { textTokens } from '#kernel/domain/text-tokens';
import type { AgentReport, InvestigationContext } from '../agents/agent.js';
import { MIN_SHARED_WORDS, type RankedChange } from './change-ranking.js';
import type { Finding, FindingKind } from '../finding.js';
import { resembles } from '../evidence/service-name.js';
import { errorFindingsIn, symptomsIn } from '../outcome/symptoms.js';

/** Findings that support a change besides its time. */
export interface ChangeAgreement {
  readonly kinds: readonly FindingKind[];
  readonly evidenceIds: readonly string[];
}

/** Milliseconds. Times of samples and lines may be rounded down to the minute. */
const TOLERANCE = 60_000;

/**
 * Symptoms on the changed or the failing service that began after the change, and error messages that use words of the
 * change.
 */
export function agreementWith(
  ranked: RankedChange,
  { incident, reports }: InvestigationContext,
): ChangeAgreement {
  const { row } = ranked.cited;
  const concerned = [row.service, ...(ranked.distance === undefined ? [] : [incident.service ?? ''])];
  const after = symptomsIn(reports).filter(
    ({ entity = '', at }) =>
      at !== undefined &&
      at >= row.occurredAt - TOLERANCE &&
      concerned.some((service) => service !== '' && resembles(entity, service)),
  );
  const messages = ranked.risky ? messagesNaming(ranked, reports) : [];
  return {
    kinds: [
      ...after.map(({ kind }) => kind),
      ...(messages.length > 0 ? (['change_in_log_text'] as const) : []),
    ],
    evidenceIds: [...after, ...messages].flatMap(({ evidenceIds }) => evidenceIds),
  };
}

/** Whether error messages share enough words with the change not to be chance. */
export function sharesWords({ sharedWithLogs }: RankedChange): boolean {
  return sharedWithLogs.length >= MIN_SHARED_WORDS;
}

/** The error messages that contain a shared word; none unless enough words are shared. */
export function messagesNaming(ranked: RankedChange, reports: readonly AgentReport[]): Finding[] {
  if (!sharesWords(ranked)) return [];
  const words = new Set(ranked.sharedWithLogs);
  return errorFindingsIn(reports).filter(({ data }) => {
    const template = data?.['template'];
    return typeof template === 'string' && textTokens(template).some((word) => words.has(word));
  });
}
