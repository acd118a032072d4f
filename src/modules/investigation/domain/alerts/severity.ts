import { SEVERITIES, type Severity } from '#kernel/domain/severity';

export function greaterSeverity(a: Severity, b: Severity): Severity {
  return SEVERITIES.indexOf(a) <= SEVERITIES.indexOf(b) ? a : b;
}

/** So many steps lower, `info` at the lowest. */
export function lowered(severity: Severity, steps: number): Severity {
  return SEVERITIES[SEVERITIES.indexOf(severity) + steps] ?? 'info';
}
