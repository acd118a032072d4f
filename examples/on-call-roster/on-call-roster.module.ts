import { fileURLToPath } from 'node:url';
import { Module } from '@nestjs/common';
import type { Extension } from '#kernel/extension';
import { provideStore } from '#kernel/persistence/aggregate-store';
import { ArrangeRoster } from './arrange-roster.js';
import { Assignments } from './assignment.js';
import { OnCallAssigned } from './events.js';
import { OnCallController } from './on-call.controller.js';
import { assignmentSchema, rosterSchema } from './on-call.schemas.js';
import { Rosters } from './roster.js';
import { WhenIncidentCreated } from './when-incident-created.js';
import { WhenIncidentsDeleted } from './when-incidents-deleted.js';

@Module({
  controllers: [OnCallController],
  providers: [
    ArrangeRoster,
    WhenIncidentCreated,
    WhenIncidentsDeleted,
    provideStore(Rosters, rosterSchema),
    provideStore(Assignments, assignmentSchema),
  ],
})
class OnCallRosterModule {}

export const onCallRoster: Extension = {
  module: OnCallRosterModule,
  events: [OnCallAssigned],
  // Relative to dist/examples/on-call-roster, where this file runs.
  migrations: [fileURLToPath(new URL('../../../examples/on-call-roster/migrations', import.meta.url))],
};
