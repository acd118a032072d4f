import { Global, Module } from '@nestjs/common';
import { provideStore } from '#kernel/persistence/aggregate-store';
import { Patterns } from './api.js';
import { ComparePatterns } from './application/compare-patterns.js';
import { EditPattern } from './application/edit-pattern.js';
import { GiveFeedback } from './application/give-feedback.js';
import { LearnPattern } from './application/learn-pattern.js';
import { ListPatterns } from './application/list-patterns.js';
import { PatternLookup } from './application/pattern-lookup.js';
import { WhenIncidentResolved } from './application/when-incident-resolved.js';
import { ForgetSightingsWhenIncidentsDeleted } from './application/when-incidents-deleted.js';
import { PatternIndex, PatternStore, Sightings } from './domain/patterns.js';
import { KnowledgeController } from './http/knowledge.controller.js';
import { patternSchema } from './infrastructure/pattern.schema.js';
import { SqlSightings } from './infrastructure/sql-sightings.js';
import { WordIndex } from './infrastructure/word-index.js';

/** Patterns learned from resolved incidents. Global, so that its api.ts can be injected without importing this file. */
@Global()
@Module({
  controllers: [KnowledgeController],
  providers: [
    ComparePatterns,
    EditPattern,
    GiveFeedback,
    LearnPattern,
    ListPatterns,
    WhenIncidentResolved,
    ForgetSightingsWhenIncidentsDeleted,
    provideStore(PatternStore, patternSchema),
    { provide: PatternIndex, useClass: WordIndex },
    { provide: Sightings, useClass: SqlSightings },
    { provide: Patterns, useClass: PatternLookup },
  ],
  exports: [Patterns],
})
export class KnowledgeModule {}
