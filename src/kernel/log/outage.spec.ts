import { describe, expect, it } from '@jest/globals';
import { Outage } from './outage.js';

describe('an outage', () => {
  it('is reported once when it begins and once when it ends', () => {
    const told: string[] = [];
    const outage = new Outage();
    const [fails, works] = [
      () => outage.failed(() => told.push('down')),
      () => outage.succeeded(() => told.push('back')),
    ];
    for (const happens of [works, fails, fails, works, works, fails]) happens();
    expect(told).toEqual(['down', 'back', 'down']);
  });
});
