import { textTokens } from '#kernel/domain/text-tokens';
import { compareText } from '../compare-text.js';
import type { EvidenceSet } from './evidence-set.js';
import { finding, type Finding } from '../finding.js';
import type { Hypothesis } from '../hypothesis.js';
import { listed, shortened } from '../wording.js';

const MOST_SHOWN = 20;
/** Fewer words in common are chance. */
const FEWEST_SHARED = 2;

/**
 * What people wrote for people: each note and runbook, and whether it speaks of what is held to be the cause. It bears no
 * witness; a person follows it.
 */
export function writtenContext({ items }: EvidenceSet, best: Hypothesis | undefined): Finding[] {
  const sought = new Set(textTokens(`${best?.statement ?? ''} ${best?.entity ?? ''}`));
  return items
    .flatMap(({ type, evidenceId, source, rows }) =>
      type === 'note' || type === 'runbook'
        ? [{ type, evidenceId, source, text: rows.map(({ text }) => text).join('\n') }]
        : [],
    )
    .filter(({ text }) => text.trim() !== '')
    .sort((a, b) => compareText(a.evidenceId, b.evidenceId))
    .slice(0, MOST_SHOWN)
    .map(({ type, evidenceId, source, text }) => {
      const shared = [...new Set(textTokens(text))].filter((word) => sought.has(word));
      const bearing =
        shared.length < FEWEST_SHARED
          ? 'says nothing of what was found'
          : `speaks of the likely cause (${listed(shared.map((word) => `“${word}”`))})`;
      return finding({
        statement: `The ${type} from ${shortened(source, 80)} ${bearing}: “${shortened(text, 300)}”`,
        evidenceIds: [evidenceId],
        kind: 'written_context',
        score: shared.length,
      });
    });
}
