import { SEVERITIES, type Severity } from '#kernel/domain/severity';
import { Fraction, OneOf, Text, Texts } from '#kernel/http/fields';
import { TRIAGE_CATEGORIES, type TriageCategory } from '../domain/alerts/triage-rules.js';

export class TriageView {
  @OneOf(SEVERITIES, { summary: "What the rules justify; the incident keeps its sender's" })
  severity!: Severity;
  @OneOf(TRIAGE_CATEGORIES) category!: TriageCategory;
  @Text({
    max: 2000,
    example: 'Critical availability incident on checkout (production): Checkout returns 503',
  })
  summary!: string;
  @Fraction({ summary: 'Confidence in the category' }) confidence!: number;
  @Texts({ summary: 'Most promising first', example: ['known solution', 'log analysis'] })
  suggestedAgents!: readonly string[];
  @Texts({ summary: 'The reasons, one sentence each', example: ['The sender calls it high.'] })
  decidedBecause!: readonly string[];
}
