import { expect, it } from '@jest/globals';
import { aContext } from '../agents/case.fixture.js';
import { missingEvidence } from './missing-evidence.js';

const { incident } = aContext([]).context;

it('states what is missing, for what time, and the API calls that supply it', () => {
  expect(missingEvidence('logs', { ...incident, incidentId: 'inc_1' })).toBe(
    'logs of checkout around 14:10 UTC (connect loki or elasticsearch by POST /v1/integrations/{provider}/connect, ' +
      'or attach by POST /v1/incidents/inc_1/evidence as type log)',
  );
});

it('states that the alert names no service, which is why no source was queried', () => {
  expect(missingEvidence('topology', { ...incident, service: null })).toContain(
    'around the failing service, which the alert does not name, (attach',
  );
});
