import { Injectable } from '@nestjs/common';
import { Clock } from '#kernel/domain/clock';
import type { Principal } from '#kernel/http/principal';
import { People } from '../accounts/people.js';
import { LiveKeys } from '../api-keys/live-keys.js';
import { Principals } from '../api.js';

@Injectable()
export class CurrentPrincipals extends Principals {
  constructor(
    private readonly people: People,
    private readonly keys: LiveKeys,
    private readonly clock: Clock,
  ) {
    super();
  }

  async stillValid(caller: Principal): Promise<boolean> {
    if (caller.expiresAt && caller.expiresAt <= this.clock.now()) return false;
    if (caller.kind === 'key') return this.keys.isLive(caller.tenantId, caller.id);
    return (await this.people.holding(caller.tenantId, caller.id, caller.credentials)) !== undefined;
  }
}
