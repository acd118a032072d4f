import { words } from './words.js';

/** How bad it is, in the words of the API, worst first. */
export const SEVERITIES = words('Severity', ['critical', 'high', 'medium', 'low', 'info']);
export type Severity = (typeof SEVERITIES)[number];
