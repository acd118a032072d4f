import {
  AnyJson,
  Field,
  Flag,
  Fraction,
  IdOf,
  ListOf,
  ObjectOf,
  OneOf,
  Text,
  Texts,
  Whole,
} from '#kernel/http/fields';
import { OUTCOMES, type OutcomeName } from '../domain/outcome/decide-outcome.js';
import type { Json } from '../domain/finding.js';

const SOURCES = ['evidence', 'inputs'] as const;
const FIELDS = ['outcome', 'confidence', 'rootCause', 'recommendedActions', 'missingEvidence'] as const;

export class ReplayQuery {
  @IdOf('inv', { optional: true, summary: 'Id of an earlier run; defaults to the latest run' })
  investigationId?: string;
  @Text({
    max: 64,
    optional: true,
    summary: 'Version of the policy that decides; defaults to the current one',
    example: 'outcome/2',
  })
  policy?: string;
  @Text({
    max: 200,
    optional: true,
    summary:
      'A configured model (`LLM_MODEL`, `LLM_REPLAY_MODELS`) that reviews the replay within the budget of a run; no ' +
      'model if omitted. Refused for API keys, since it costs money',
    example: 'gpt-5-mini',
  })
  model?: string;
  @OneOf(SOURCES, {
    optional: true,
    default: 'evidence',
    summary: '`evidence` runs the agents again, `inputs` only makes the decision again',
  })
  from?: (typeof SOURCES)[number];
}

class DecisionView {
  @Text({ max: 64, summary: 'The version of the policy that decided', example: 'outcome/2' }) policy!: string;
  @OneOf(OUTCOMES) outcome!: OutcomeName;
  @Fraction() confidence!: number;
  @Text({ max: 4000, nullable: true }) rootCause!: string | null;
  @Texts({ example: ['Roll back deploy v42'] }) recommendedActions!: readonly string[];
  @Texts({ example: ['metrics of checkout'] }) missingEvidence!: readonly string[];
}

class DifferenceView {
  @OneOf(FIELDS) field!: (typeof FIELDS)[number];
  @AnyJson({ nullable: true, example: 'probable' }) recorded!: Json;
  @AnyJson({ nullable: true, example: 'identified' }) replayed!: Json;
}

class StanceView {
  @Fraction() score!: number;
  @OneOf(['supported', 'ruled_out', 'open']) status!: 'supported' | 'ruled_out' | 'open';
  @Texts({ summary: 'Ids of evidence', example: ['evd_01HX9VTPQR3KF8MZWBYD5N6JCE'] })
  supportedBy!: readonly string[];
  @Texts({ summary: 'Ids of evidence', example: ['evd_01HX9VTPQR3KF8MZWBYD5N6JCE'] })
  contradictedBy!: readonly string[];
}

class HypothesisDifferenceView {
  @Text({ max: 4000, example: 'Deploy v42 of checkout broke it' }) statement!: string;
  @ObjectOf(() => StanceView, { nullable: true, summary: 'null when the run did not hold it' })
  recorded!: StanceView | null;
  @ObjectOf(() => StanceView, { nullable: true, summary: 'null when the replay does not hold it' })
  replayed!: StanceView | null;
}

class OpinionView {
  @Text({ max: 200, nullable: true, summary: 'null if no model was used', example: 'gpt-5-mini' })
  model!: string | null;
  @Texts({ example: ['The pool of connections ran out.'] }) explanation!: readonly string[];
  @Texts({ example: ['checkout. Its pool ran out.'] }) hypotheses!: readonly string[];
}

class SpentView {
  @Whole({ example: 3 }) turns!: number;
  @Whole({ example: 3_300 }) tokens!: number;
  @Field({ type: 'number', example: 0.0006 }) costUsd!: number;
}

class ReviewView {
  @Flag({ summary: 'Whether both are the same' }) isSame!: boolean;
  @ObjectOf(() => OpinionView) recorded!: OpinionView;
  @ObjectOf(() => OpinionView) replayed!: OpinionView;
  @Texts({ summary: 'Only in the replay', example: ['The pool ran out.'] })
  added!: readonly string[];
  @Texts({ summary: 'Only in the recorded run', example: [] }) dropped!: readonly string[];
  @Text({ max: 4000, example: 'It explained the case in 1 cited sentence and proposed 0 hypotheses.' })
  message!: string;
  @ObjectOf(() => SpentView) spent!: SpentView;
}

export class ReplayView {
  @IdOf('inv') investigationId!: string;
  @IdOf('inc') incidentId!: string;
  @Flag({ summary: 'Whether both have the same result, hypotheses included' }) isSame!: boolean;
  @ObjectOf(() => DecisionView) recorded!: DecisionView;
  @ObjectOf(() => DecisionView) replayed!: DecisionView;
  @ListOf(() => DifferenceView) differences!: readonly DifferenceView[];
  @ListOf(() => HypothesisDifferenceView, { summary: 'Hypotheses on which the two differ' })
  hypothesisDifferences!: readonly HypothesisDifferenceView[];
  @Texts({
    summary:
      'Evidence, by id, that is no longer there as the run read it; then the comparison is not a fair one',
    example: [],
  })
  alteredEvidence!: readonly string[];
  @ObjectOf(() => ReviewView, {
    nullable: true,
    summary: "The model's review, which does not affect the outcome; null unless `model` was given",
  })
  review!: ReviewView | null;
}
