import { Store } from '#kernel/domain/store';
import type { Incident } from './incident.js';

export abstract class Incidents extends Store<Incident> {}
