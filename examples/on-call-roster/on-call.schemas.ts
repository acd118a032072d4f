import { aggregateSchema } from '#kernel/persistence/aggregate-schema';
import { Assignment } from './assignment.js';
import { Roster } from './roster.js';

export const rosterSchema = aggregateSchema<Roster>({
  name: 'Roster',
  target: Roster,
  tableName: 'on_call_rosters',
  columns: {
    tenantId: { name: 'tenant_id', type: 'text', primary: true },
    service: { type: 'text', primary: true },
    people: { type: 'jsonb' },
    turn: { type: 'integer' },
  },
});

export const assignmentSchema = aggregateSchema<Assignment>({
  name: 'Assignment',
  target: Assignment,
  tableName: 'on_call_assignments',
  columns: {
    tenantId: { name: 'tenant_id', type: 'text', primary: true },
    incidentId: { name: 'incident_id', type: 'text', primary: true },
    assignmentId: { name: 'assignment_id', type: 'text' },
    service: { type: 'text' },
    person: { type: 'text' },
    assignedAt: { name: 'assigned_at', type: 'timestamptz', precision: 3 },
  },
});
