import { describe, expect, it } from '@jest/globals';
import { checkPatterns, expandPatterns } from './event-patterns.js';

const PUBLISHED = ['incident.created', 'incident.status_changed', 'investigation.completed', 'user.created'];

describe('event patterns', () => {
  it('expand to the types they match, once each, in the order of the catalogue', () => {
    expect(expandPatterns(['user.created', 'incident.*', 'incident.created'], PUBLISHED)).toEqual([
      'incident.created',
      'incident.status_changed',
      'user.created',
    ]);
    expect(expandPatterns(['*'], PUBLISHED)).toEqual(PUBLISHED);
  });

  it('expand to nothing when the event type no longer exists', () => {
    expect(expandPatterns(['roster.changed'], PUBLISHED)).toEqual([]);
  });

  it.each([
    ['incident.craeted', /"incident\.craeted" matches no event\. Did you mean incident\.created, /],
    ['investigations.*', /Did you mean investigation\.\*, /],
    ['', /"" matches no event/],
    ['x'.repeat(1000), /"x{50}" matches no event/],
  ])('are refused with suggestions: %s', (name, sentence) => {
    expect(() => checkPatterns(['*', name], PUBLISHED)).toThrow(sentence);
  });
});
