import { textTokens } from '#kernel/domain/text-tokens';
import type { AgentReport, InvestigationContext } from '../agents/agent.js';
import { MIN_SHARED_WORDS, type RankedChange } from './change-ranking.js';
import type { Finding, FindingKind } from '../finding.js';
import { resembles } from '../evidence/service-name.js';
import { errorFindingsIn, symptomsIn } from '../outcome/symptoms.js';

/** What speaks for a change besides its time. */
export interface ChangeAgreement {
  readonly kinds: readonly FindingKind[];
  readonly evidenceIds: readonly string[];
}

/** Samples and lines carry the time of their minute. */
const TOLERANCE = 60_000;

/**
 * Facts of another kind that agree: trouble on the changed or the failing service that began after the change, and
 * error messages in the change's own words.
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
  const worded = ranked.risky ? messagesNaming(ranked, reports) : [];
  return {
    kinds: [
      ...after.map(({ kind }) => kind),
      ...(worded.length > 0 ? (['change_in_log_text'] as const) : []),
    ],
    evidenceIds: [...after, ...worded].flatMap(({ evidenceIds }) => evidenceIds),
  };
}

/** Whether error messages speak in the words of the change often enough not to be chance. */
export function sharesWords({ sharedWithLogs }: RankedChange): boolean {
  return sharedWithLogs.length >= MIN_SHARED_WORDS;
}

/** The error messages that do so: what does not use its words does not speak of it. */
export function messagesNaming(ranked: RankedChange, reports: readonly AgentReport[]): Finding[] {
  if (!sharesWords(ranked)) return [];
  const words = new Set(ranked.sharedWithLogs);
  return errorFindingsIn(reports).filter(({ data }) => {
    const template = data?.['template'];
    return typeof template === 'string' && textTokens(template).some((word) => words.has(word));
  });
}
