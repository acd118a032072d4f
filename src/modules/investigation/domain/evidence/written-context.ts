import { textTokens } from '#kernel/domain/text-tokens';
import { compareText } from '../compare-text.js';
import type { EvidenceSet } from './evidence-set.js';
import { finding, type Finding } from '../finding.js';
import type { Hypothesis } from '../hypothesis.js';
import { listed, shortened } from '../wording.js';

const MAX_FINDINGS = 20;
/** Fewer words in common are a coincidence. */
const MIN_SHARED_WORDS = 2;

/**
 * One finding per note and runbook: what it says and which words it shares with the best hypothesis. For people to
 * read; it is not support for any hypothesis.
 */
export function writtenContext({ items }: EvidenceSet, best: Hypothesis | undefined): Finding[] {
  const causeWords = new Set(textTokens(`${best?.statement ?? ''} ${best?.entity ?? ''}`));
  return items
    .flatMap(({ type, evidenceId, source, rows }) =>
      type === 'note' || type === 'runbook'
        ? [{ type, evidenceId, source, text: rows.map(({ text }) => text).join('\n') }]
        : [],
    )
    .filter(({ text }) => text.trim() !== '')
    .sort((a, b) => compareText(a.evidenceId, b.evidenceId))
    .slice(0, MAX_FINDINGS)
    .map(({ type, evidenceId, source, text }) => {
      const shared = [...new Set(textTokens(text))].filter((word) => causeWords.has(word));
      const relevance =
        shared.length < MIN_SHARED_WORDS
          ? 'does not mention what was found'
          : `mentions the likely cause (${listed(shared.map((word) => `“${word}”`))})`;
      return finding({
        statement: `The ${type} from ${shortened(source, 80)} ${relevance}: “${shortened(text, 300)}”`,
        evidenceIds: [evidenceId],
        kind: 'written_context',
        score: shared.length,
      });
    });
}
