import 'reflect-metadata';
import { describe, expect, it } from '@jest/globals';
import { validateSync } from 'class-validator';
import { plainToInstance } from '#kernel/http/instance';
import { readCustomAlert } from '../domain/custom-alert.js';
import { CustomAlertBody } from './webhooks.docs.js';

const GOOD = { title: 'High error rate', description: 'Above 5%' };

describe('the documented body of a custom alert', () => {
  // The documentation comes from the DTO, the parser is hand-written: they must accept the same bodies.
  const bodies: Record<string, unknown>[] = [
    GOOD,
    {
      ...GOOD,
      severity: 'high',
      service: 'a',
      environment: 'b',
      sourceAlertId: 'c',
      tags: { a: 'b' },
      metadata: { c: 1 },
    },
    { ...GOOD, sourceAlertId: null, service: null, tags: null },
    { description: 'x' },
    { title: 'x' },
    { ...GOOD, title: '' },
    { ...GOOD, title: '   ' },
    { ...GOOD, title: 5 },
    { ...GOOD, title: 'x'.repeat(501) },
    { ...GOOD, description: 'x'.repeat(20_001) },
    { ...GOOD, sourceAlertId: 'x'.repeat(513) },
    { ...GOOD, service: 'x'.repeat(201) },
    { ...GOOD, environment: ['x'] },
    { ...GOOD, severity: 'fatal' },
    { ...GOOD, tags: [] },
    { ...GOOD, metadata: [] },
  ];
  it.each(bodies)('is accepted as documented: %#', (body) => {
    const documented = validateSync(plainToInstance(CustomAlertBody, body)).length === 0;
    let read = true;
    try {
      readCustomAlert(body);
    } catch {
      read = false;
    }
    expect(read).toBe(documented);
  });
});
