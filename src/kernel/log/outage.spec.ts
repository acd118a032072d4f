import { describe, expect, it } from '@jest/globals';
import { Outage } from './outage.js';

describe('an outage', () => {
  it('is reported once when it begins and once when it ends', () => {
    const logged: string[] = [];
    const outage = new Outage();
    const [fails, works] = [
      () => outage.failed(() => logged.push('down')),
      () => outage.succeeded(() => logged.push('back')),
    ];
    for (const happens of [works, fails, fails, works, works, fails]) happens();
    expect(logged).toEqual(['down', 'back', 'down']);
  });
});
