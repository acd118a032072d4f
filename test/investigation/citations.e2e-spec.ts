import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newTenant, type TenantUser } from '../support/api.js';
import { sql } from '../support/database.js';
import { TestServer } from '../support/server.js';
import { ended, evidenceOf, openQuietIncident, recordDeploy, sendAlert, start } from './cases.js';

let server: TestServer;
let tenant: TenantUser;
let investigationId: string;
let evidenceId: string;
beforeAll(async () => {
  server = await TestServer.start();
  tenant = await newTenant(server.url);
  const incidentId = await openQuietIncident(tenant);
  await start(tenant, incidentId);
  investigationId = (await ended(tenant, incidentId)).investigationId;
  evidenceId = (await evidenceOf(tenant, incidentId))[0]?.evidenceId ?? '';
});
afterAll(() => server.stop());

const FINDING = `INSERT INTO findings (tenant_id, investigation_id, step_index, place, facts) VALUES ($1, $2, 9, 9, '{}')`;

function store(statement: string, parameters: readonly unknown[]): Promise<unknown> {
  return sql(server.database.url, statement, [...parameters], tenant.tenantId);
}

describe('the database', () => {
  it('refuses a finding that cites nothing', async () => {
    await expect(store(FINDING, [tenant.tenantId, investigationId])).rejects.toThrow('must cite evidence');
  });

  it('refuses a citation of what the run has not read', async () => {
    const cites = (id: string) =>
      store(
        `WITH found AS (${FINDING} RETURNING *)
         INSERT INTO finding_citations SELECT tenant_id, investigation_id, step_index, place, $3 FROM found`,
        [tenant.tenantId, investigationId, id],
      );
    await recordDeploy(tenant, 'v42', 5);
    const other = await sendAlert(tenant);
    await ended(tenant, other);
    const foreign = (await evidenceOf(tenant, other))[0]?.evidenceId ?? '';
    await expect(cites(foreign)).rejects.toThrow('foreign key');
    await expect(cites('evd_01HX9VTPQR3KF8MZWBYD5N6JCE')).rejects.toThrow('foreign key');
    await cites(evidenceId);
  });

  it('refuses to take the last citation of a finding away', async () => {
    await expect(
      store('DELETE FROM finding_citations WHERE tenant_id = $1 AND investigation_id = $2', [
        tenant.tenantId,
        investigationId,
      ]),
    ).rejects.toThrow('must cite evidence');
  });

  it('refuses a supported hypothesis without support', async () => {
    await expect(
      store(
        `INSERT INTO hypotheses (tenant_id, investigation_id, hypothesis_id, place, statement, score, status, supported_by, contradicted_by)
         VALUES ($1, $2, 'hyp_x', 9, 'x', 1, 'supported', '{}', '{}')`,
        [tenant.tenantId, investigationId],
      ),
    ).rejects.toThrow('support_is_named');
  });
});
