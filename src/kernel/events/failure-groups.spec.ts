import { expect, it } from '@jest/globals';
import { newTenantId } from '../domain/ids.js';
import type { HandlerFailure } from './awaiting-publisher.js';
import type { DomainEvent } from './define-event.js';
import { groupFailures } from './failure-groups.js';

const tenantId = newTenantId();
const failure = (handler: string, id: string, reason: string): HandlerFailure => ({
  tenantId,
  handler,
  events: [{ id } as DomainEvent],
  error: new Error(reason),
});

it('logs one message for all events on which a handler failed for the same reason', () => {
  const full = Array.from({ length: 7 }, (_, n) => failure('Doorman', `evt_${n}`, 'No space left'));
  const groups = groupFailures([
    ...full,
    failure('Doorman', 'evt_7', 'stumbled'),
    failure('Porter', 'evt_0', 'No space left'),
  ]);
  expect(groups).toEqual([
    {
      error: new Error('No space left'),
      message: 'Doorman failed on evt_0, evt_1, evt_2, evt_3, evt_4 and 2 more; it will be retried',
    },
    { error: new Error('stumbled'), message: 'Doorman failed on evt_7; it will be retried' },
    { error: new Error('No space left'), message: 'Porter failed on evt_0; it will be retried' },
  ]);
});
