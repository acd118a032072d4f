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
  @Fraction({ summary: 'In the category' }) confidence!: number;
  @Texts({ summary: 'The most promising first', example: ['known solution', 'log analysis'] })
  suggestedAgents!: readonly string[];
  @Texts({ summary: 'Each reason a sentence', example: ['The sender calls it high.'] })
  decidedBecause!: readonly string[];
}
