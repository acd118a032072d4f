import { expect, it } from '@jest/globals';
import { defineEvent } from './define-event.js';
import { EventCatalogue } from './event-catalogue.js';

class Door {
  door = 'front';
}
const about = (type: string) => ({ type, summary: type, data: Door, example: new Door() });
class Opened extends defineEvent(about('door.opened')) {}
class Shut extends defineEvent(about('door.shut')) {}

it('refuses an event that is declared but in no list', () => {
  expect(() => EventCatalogue.ofAll([Opened])).toThrow('door.shut is declared and in no list of events');
  expect(EventCatalogue.ofAll([Opened, Shut])).toBeInstanceOf(EventCatalogue);
});
