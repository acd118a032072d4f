import type { InvestigatedIncident, InvestigationContext } from '../agents/agent.js';
import type { ChangeSymptoms } from './change-ranking.js';
import type { EvidenceSet } from '../evidence/evidence-set.js';
import { sameService, serviceOf } from '../evidence/service-name.js';
import { textTokens } from '#kernel/domain/text-tokens';
import { errorFindingsIn, symptomsIn } from '../outcome/symptoms.js';

const ALERT_WORD = 2;

/** The symptoms that changes are compared with, from the reports of the other agents. */
export function changeSymptoms(evidence: EvidenceSet, context: InvestigationContext): ChangeSymptoms {
  const { incident, onset, reports } = context;
  const findings = symptomsIn(reports);
  const { service } = incident;
  return {
    onsetAt: onset.at,
    environment: incident.environment,
    // An alert without a service may be about any service. A service that the alert's text names counts as reachable.
    distance: (changed) => {
      const named = mentions(incident, changed);
      if (service === null) return named ? 0 : 1;
      return evidence.callGraph.distance(service, changed) ?? (named ? 1 : undefined);
    },
    hasSymptom: (changed) =>
      findings.some(({ entity }) => entity !== undefined && sameService(entity, changed)),
    serviceIn: (paths) =>
      serviceIn(paths, [
        ...new Set(findings.flatMap(({ entity }) => entity ?? [])),
        ...(service === null ? [] : [service]),
      ]),
    logWords: logWords(context),
    alertWords: alertWords(incident, evidence),
  };
}

/** The first service whose name matches a folder of a path. Names under 4 characters match by chance and do not count. */
function serviceIn(paths: readonly string[], services: readonly string[]): string | undefined {
  const segments = paths.flatMap((path) => path.toLowerCase().slice(0, 1024).split('/').slice(0, -1));
  return services.find((service) => {
    const name = serviceOf(service).replaceAll('-', '');
    return (
      name.length >= 4 &&
      segments.some((segment) => {
        const plain = segment.replaceAll(/[-_.]/g, '');
        return plain.length >= 4 && (name.startsWith(plain) || plain.startsWith(name));
      })
    );
  });
}

/** The words of the alert and of notes, all with the same weight. */
function alertWords(
  { title, description }: InvestigatedIncident,
  { notes }: EvidenceSet,
): Map<string, number> {
  const text = [title, description, ...notes.map(({ row }) => row.text)].join('\n');
  return new Map(textTokens(text).map((word) => [word, ALERT_WORD]));
}

/** The weight of a word is `Σ ln(1 + lines)` over the error messages that contain it. */
function logWords({ reports }: InvestigationContext): Map<string, number> {
  const weights = new Map<string, number>();
  for (const { data } of errorFindingsIn(reports)) {
    const [template, lines] = [data?.['template'], data?.['after']];
    if (typeof template !== 'string' || typeof lines !== 'number') continue;
    for (const word of new Set(textTokens(template))) {
      weights.set(word, (weights.get(word) ?? 0) + Math.log(1 + lines));
    }
  }
  return weights;
}

/** Whether the alert names a service, as whole words. */
function mentions({ title, description }: InvestigatedIncident, service: string): boolean {
  const words = (text: string) =>
    ` ${text
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}]+/gu, ' ')
      .trim()} `;
  const named = words(serviceOf(service));
  return named.length > 4 && words(`${title}\n${description}`).includes(named);
}
