import type { InvestigatedIncident, InvestigationContext } from '../agents/agent.js';
import type { ChangeSymptoms } from './change-ranking.js';
import type { EvidenceSet } from '../evidence/evidence-set.js';
import { sameService, serviceOf } from '../evidence/service-name.js';
import { textTokens } from '#kernel/domain/text-tokens';
import { errorFindingsIn, symptomsIn } from '../outcome/symptoms.js';

const ALERT_WORD = 2;

/** What the changes are measured against, from what the other agents found. */
export function changeSymptoms(evidence: EvidenceSet, context: InvestigationContext): ChangeSymptoms {
  const { incident, onset, reports } = context;
  const troubles = symptomsIn(reports);
  const { service } = incident;
  return {
    onsetAt: onset.at,
    environment: incident.environment,
    // Without a service any change may be the one; what the alert names by itself is as good as a known path.
    distance: (changed) => {
      const named = mentions(incident, changed);
      if (service === null) return named ? 0 : 1;
      return evidence.callGraph.distance(service, changed) ?? (named ? 1 : undefined);
    },
    isHot: (changed) => troubles.some(({ entity }) => entity !== undefined && sameService(entity, changed)),
    serviceIn: (paths) =>
      serviceIn(paths, [
        ...new Set(troubles.flatMap(({ entity }) => entity ?? [])),
        ...(service === null ? [] : [service]),
      ]),
    logWords: logWords(context),
    alertWords: alertWords(incident, evidence),
  };
}

/** Of the services in trouble, the one whose name stands in a path; a short word may stand anywhere by chance. */
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

/** What the alert says, and what a person noted about it. */
function alertWords(
  { title, description }: InvestigatedIncident,
  { notes }: EvidenceSet,
): Map<string, number> {
  const said = [title, description, ...notes.map(({ row }) => row.text)].join('\n');
  return new Map(textTokens(said).map((word) => [word, ALERT_WORD]));
}

/** A word weighs the logarithm of the lines it stands in, summed over messages. */
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
