import { serve } from '#serve';
import { onCallRoster } from './on-call-roster.module.js';

await serve([onCallRoster]);
