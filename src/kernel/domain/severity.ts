import { words } from './words.js';

/** The severities of the API, worst first. */
export const SEVERITIES = words('Severity', ['critical', 'high', 'medium', 'low', 'info']);
export type Severity = (typeof SEVERITIES)[number];
