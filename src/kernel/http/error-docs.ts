import { applyDecorators } from '@nestjs/common';
import { ApiResponse } from '@nestjs/swagger';
import { ERROR_STATUS, type ErrorCode } from '../domain/errors.js';
import { words } from '../domain/words.js';
import { Field, IdOf, ListOf, OneOf, Text, Texts } from './fields.js';

const ERROR_CODES = words('ErrorCode', Object.keys(ERROR_STATUS));

/** In characters. Longer texts are cut, since both may quote what the sender wrote. */
export const LONGEST_MESSAGE = 2000;
export const LONGEST_DETAIL = 500;

class ErrorDetail {
  // The name of a property may be empty.
  @Text({ min: 0, max: LONGEST_DETAIL, example: 'title' }) field!: string;
  @Text({ max: LONGEST_DETAIL, example: 'must not be blank' }) message!: string;
}

/** The shape of every error. */
class ErrorEnvelope {
  @OneOf(ERROR_CODES, { summary: 'A stable code', example: 'validation_error' }) error!: ErrorCode;
  @Text({ max: LONGEST_MESSAGE, summary: 'A sentence for a person', example: 'title must not be blank' })
  message!: string;
  @Field({ type: 'string', example: '1b9d6bcd-bbfd-4b2d-9b5d-ab8dfbbd4bed' }) requestId!: string;
  @ListOf(() => ErrorDetail, { optional: true, summary: 'With validation_error: the invalid fields' })
  details?: ErrorDetail[];
  @IdOf('inc', { optional: true, summary: 'With duplicate_alert: the incident that the first alert opened' })
  incidentId?: string;
  @Text({
    max: 64,
    optional: true,
    summary: 'With invalid_transition: the current status',
    example: 'closed',
  })
  from?: string;
  @Text({
    max: 64,
    optional: true,
    summary: 'With invalid_transition: the requested status',
    example: 'resolved',
  })
  to?: string;
  @Texts({
    optional: true,
    summary: 'With invalid_transition: the statuses it may be set to',
    example: ['open'],
  })
  allowed?: string[];
}

type ErrorStatus = (typeof ERROR_STATUS)[keyof typeof ERROR_STATUS];

/** Documents the statuses that a route may refuse with; each lists its codes. */
export function errorResponses(...statuses: ErrorStatus[]): MethodDecorator {
  return applyDecorators(
    ...statuses.map((status) => {
      const codes = Object.entries(ERROR_STATUS).flatMap(([code, its]) => (its === status ? [code] : []));
      return ApiResponse({ status, type: ErrorEnvelope, description: codes.join(', ') });
    }),
  );
}
