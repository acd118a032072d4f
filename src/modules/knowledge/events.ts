import { defineEvent } from '#kernel/events/define-event';
import { IdOf, Text } from '#kernel/http/fields';

class PatternExtractedData {
  @IdOf('ptn') patternId!: string;
  @IdOf('inc') incidentId!: string;
  @Text({ max: 4000 }) summary!: string;
}

export class PatternExtracted extends defineEvent({
  type: 'knowledge.pattern_extracted',
  summary: 'A new failure pattern is extracted from a resolved incident',
  data: PatternExtractedData,
  example: {
    patternId: 'ptn_01HX9VTPQR3KF8MZWBYD5N6JCF',
    incidentId: 'inc_01HX9VTPQR3KF8MZWBYD5N6JCE',
    summary: 'Connection pool exhaustion under high throughput — scaling factor 3x resolves within 90s',
  },
  audience: 'public',
}) {}
