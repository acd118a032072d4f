import { applyDecorators } from '@nestjs/common';
import { ArrayUnique, Matches } from 'class-validator';
import { Text, Texts } from '#kernel/http/fields';

// Loki and Prometheus name labels alike.
const LABEL = /^[a-zA-Z_]\w*$/;

/** The labels that may name the service of an incident, in order of preference. */
export function ServiceLabels(options: {
  default: readonly string[];
  example: readonly string[];
}): PropertyDecorator {
  return applyDecorators(
    Texts({
      max: 10,
      maxLength: 100,
      optional: true,
      summary: 'The labels that may name the service of an incident, in order of preference',
      ...options,
    }),
    ArrayUnique(),
    Matches(LABEL, { each: true, message: '$property must be names of labels' }),
  );
}

/** The label that names the environment. */
export function EnvironmentLabel(): PropertyDecorator {
  return applyDecorators(
    Text({
      max: 100,
      optional: true,
      summary: 'The label that names the environment; without it all environments are read',
      example: 'environment',
    }),
    Matches(LABEL, { message: '$property must be the name of a label' }),
  );
}
