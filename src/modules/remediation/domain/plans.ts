import { Store } from '#kernel/domain/store';
import type { Remediation } from './remediation.js';

export abstract class Plans extends Store<Remediation> {}
