import { expect, it } from '@jest/globals';
import { newTenantId } from '../domain/ids.js';
import type { HandlerFailure } from './awaiting-publisher.js';
import type { DomainEvent } from './define-event.js';
import { toldFailures } from './told-failures.js';

const tenantId = newTenantId();
const failure = (handler: string, id: string, reason: string): HandlerFailure => ({
  tenantId,
  handler,
  events: [{ id } as DomainEvent],
  error: new Error(reason),
});

it('one line tells of all events that one handler failed on for one reason', () => {
  const full = Array.from({ length: 7 }, (_, n) => failure('Doorman', `evt_${n}`, 'No space left'));
  const told = toldFailures([
    ...full,
    failure('Doorman', 'evt_7', 'stumbled'),
    failure('Porter', 'evt_0', 'No space left'),
  ]);
  expect(told).toEqual([
    {
      error: new Error('No space left'),
      sentence: 'Doorman failed on evt_0, evt_1, evt_2, evt_3, evt_4 and 2 more; it will be tried again',
    },
    { error: new Error('stumbled'), sentence: 'Doorman failed on evt_7; it will be tried again' },
    { error: new Error('No space left'), sentence: 'Porter failed on evt_0; it will be tried again' },
  ]);
});
