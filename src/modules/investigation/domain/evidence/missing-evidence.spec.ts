import { expect, it } from '@jest/globals';
import { aContext } from '../agents/case.fixture.js';
import { missingEvidence } from './missing-evidence.js';

const { incident } = aContext([]).context;

it('says what is missing, from when, and the calls that bring it', () => {
  expect(missingEvidence('logs', { ...incident, incidentId: 'inc_1' })).toBe(
    'logs of checkout around 14:10 UTC (connect loki or elasticsearch by POST /v1/integrations/{provider}/connect, ' +
      'or attach by POST /v1/incidents/inc_1/evidence as type log)',
  );
});

it('says that the alert names no service, since that is why nobody could be asked', () => {
  expect(missingEvidence('topology', { ...incident, service: null })).toContain(
    'around the failing service, which the alert does not name, (attach',
  );
});
