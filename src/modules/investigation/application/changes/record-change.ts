import { Injectable } from '@nestjs/common';
import { Clock } from '#kernel/domain/clock';
import { idNamed, newId, type TenantId } from '#kernel/domain/ids';
import { UnitOfWork } from '#kernel/persistence/unit-of-work';
import { callContext } from '#kernel/tenancy/call-context';
import { ChangeLog, type NewChange } from '../../api.js';

/** Records a change of a running system, which investigations compare with. Idempotent by `sourceChangeId`. */
@Injectable()
export class RecordChange extends ChangeLog {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly clock: Clock,
  ) {
    super();
  }

  async record(tenantId: TenantId, change: NewChange): Promise<string> {
    const { sourceChangeId } = change;
    const changeId = sourceChangeId === undefined ? newId('chg') : idNamed('chg', sourceChangeId);
    await this.unitOfWork.query(
      tenantId,
      `INSERT INTO changes (tenant_id, change_id, type, service, environment, version, summary, url, occurred_at,
         recorded_by, recorded_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT (tenant_id, change_id) DO NOTHING`,
      [
        tenantId,
        changeId,
        change.type,
        change.service,
        change.environment,
        change.version,
        change.summary,
        change.url,
        change.occurredAt,
        callContext().actor,
        this.clock.now(),
      ],
    );
    return changeId;
  }
}
