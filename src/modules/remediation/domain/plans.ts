import { Store } from '#kernel/domain/store';
import type { Remediation } from './remediation.js';

/** Where remediations live. */
export abstract class Plans extends Store<Remediation> {}
