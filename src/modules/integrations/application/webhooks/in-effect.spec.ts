import { expect, it } from '@jest/globals';
import { noticeOf } from '../../providers/alert-sources/notice.js';
import { inEffect } from './in-effect.js';

it.each([
  [['a fires', 'a ends'], ['a fires', 'a ends']],
  [['a ends', 'a fires'], ['a fires']],
  [['a ends', 'a fires', 'a ends'], ['a fires', 'a ends']],
  [['a fires', 'a ends', 'a fires'], ['a fires', 'a fires']],
  [['a ends', 'b fires'], ['a ends', 'b fires']],
])('%j of one body is %j', (events, expected) => {
  const notices = events.flatMap((event) => {
    const [sourceAlertId, what] = event.split(' ');
    return noticeOf({ state: what === 'fires' ? 'firing' : 'resolved', sourceAlertId, title: event, severity: 'high' });
  });
  expect(inEffect(notices).map(({ title }) => title)).toEqual(expected);
}); // prettier-ignore
