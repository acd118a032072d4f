import { beforeAll, describe, expect, it, jest } from '@jest/globals';
import { ConflictException, Logger, NotFoundException, PreconditionFailedException } from '@nestjs/common';
import type { Response } from 'express';
import type { Refusal } from '../domain/errors.js';
import { asDatabaseError } from '../persistence/database-errors.js';
import type { CallRequest } from './call-request.js';
import { ErrorEnvelopeFilter } from './error-envelope.filter.js';
import type { KnownMethods } from './known-methods.js';

const filter = new ErrorEnvelopeFilter({} as KnownMethods);
const request = { requestId: 'r', method: 'GET', path: '/' } as CallRequest;
const refusalOf = (thrown: unknown): Refusal => filter.refusalFrom(thrown, request, {} as Response);
const reset = (): Error => Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' });

beforeAll(() => {
  Logger.overrideLogger(false);
});

describe('a broken connection', () => {
  it('is a 503 when it was the connection to PostgreSQL', () => {
    expect(refusalOf(asDatabaseError(reset()))).toMatchObject({ code: 'service_unavailable', retryAfter: 2 });
  });

  it('is logged at most once per second', () => {
    const logged: unknown[] = [];
    const error = jest
      .spyOn(Logger.prototype, 'error')
      .mockImplementation((line: unknown) => logged.push(line));
    const fresh = new ErrorEnvelopeFilter({} as KnownMethods);
    for (let n = 0; n < 100; n += 1) fresh.refusalFrom(asDatabaseError(reset()), request, {} as Response);
    error.mockRestore();
    expect(logged).toHaveLength(1);
    expect(request.refusedAs).toBe('service_unavailable');
  });

  it('is a 500 when it was another connection', () => {
    expect(refusalOf(reset())).toMatchObject({ code: 'internal_error' });
  });
});

describe('an HTTP exception of Nest', () => {
  const onRoute = { ...request, route: { path: '/v1/pages/:pageId' } } as CallRequest;

  it.each([
    [new NotFoundException('No such page.'), 'not_found', 404],
    [new ConflictException('It is taken.'), 'conflict', 409],
    [new PreconditionFailedException('It has changed.'), 'precondition_failed', 412],
  ])('keeps its words and its status: %s', (thrown, code, status) => {
    const { message } = thrown;
    expect(filter.refusalFrom(thrown, onRoute, {} as Response)).toMatchObject({ code, status, message });
  });
});
