import { applyDecorators } from '@nestjs/common';
import { Matches } from 'class-validator';
import { ObjectOf, Text, Texts } from '#kernel/http/fields';
import { AlertSourceConfig } from './alert-source.js';

/** Up to ten names, since a path is looked up in each alert of a body. */
const PATH = /^[^.]+(?:\.[^.]+){0,9}$/;

function Path(options: { summary: string; example: string }): PropertyDecorator {
  return applyDecorators(
    Text({ max: 200, optional: true, ...options }),
    Matches(PATH, { message: '$property must be up to 10 names, separated by dots' }),
  );
}

/** Dotted paths, from the alert. */
export class GenericFields {
  @Path({
    summary: 'A value that is the same when the alert fires and when it is resolved',
    example: 'monitor.id',
  })
  sourceAlertId?: string;
  @Path({ summary: 'The title', example: 'monitor.name' }) title?: string;
  @Path({ summary: 'The description', example: 'check.output' }) description?: string;
  @Path({ summary: 'Whether the alert fires or is resolved', example: 'check.state' }) state?: string;
  @Path({ summary: 'The severity or priority', example: 'labels.severity' }) severity?: string;
  @Path({ summary: 'The service', example: 'labels.app.kubernetes.io/name' }) service?: string;
  @Path({ summary: 'The environment', example: 'labels.env' }) environment?: string;
}

export class GenericConfig extends AlertSourceConfig {
  @Path({ summary: 'The dotted path of the list, if a body has several alerts', example: 'data.alerts' })
  list?: string;

  @ObjectOf(() => GenericFields, {
    optional: true,
    summary: 'Dotted paths of the fields of an alert; a field without one is found by its usual names',
  })
  fields?: GenericFields;

  @Texts({
    min: 1,
    max: 20,
    maxLength: 200,
    optional: true,
    summary: 'The states that mean resolved, in place of the usual ones; any other state fires',
    example: ['0', 'OK'],
  })
  resolvedValues?: string[];
}
