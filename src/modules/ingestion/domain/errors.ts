import { FrequentRefusal, Refusal } from '#kernel/domain/errors';
import type { IncidentStatus } from '../events.js';

export function duplicateAlert(sourceAlertId: string, incidentId: string): Refusal {
  return new FrequentRefusal(
    'duplicate_alert',
    `An incident with sourceAlertId '${sourceAlertId}' already exists.`,
    { fields: { incidentId } },
  );
}

export function invalidTransition(from: IncidentStatus, to: string, allowed: readonly string[]): Refusal {
  const choice = allowed.length > 0 ? allowed.join(', ') : 'nothing';
  return new Refusal(
    'invalid_transition',
    `An incident that is ${from} cannot be set to ${to}; allowed: ${choice}.`,
    {
      fields: { from, to, allowed },
    },
  );
}
