import { SEVERITIES, type Severity } from '#kernel/domain/severity';

export function higherSeverity(a: Severity, b: Severity): Severity {
  return SEVERITIES.indexOf(a) <= SEVERITIES.indexOf(b) ? a : b;
}

/** The severity a number of steps lower, at least `info`. */
export function lowerSeverity(severity: Severity, steps: number): Severity {
  return SEVERITIES[SEVERITIES.indexOf(severity) + steps] ?? 'info';
}
