import { Global, Module } from '@nestjs/common';
import { provideStore } from '#kernel/persistence/aggregate-store';
import { Tenants } from './api.js';
import { DropOldEvents } from './drop-old-events.js';
import { TenantProfiles } from './tenant-profiles.js';
import { TenantStore, tenantSchema } from './tenant.schema.js';
import { TenantsController } from './tenants.controller.js';

/** Global, so that its api.ts can be injected without importing this file. */
@Global()
@Module({
  controllers: [TenantsController],
  providers: [
    TenantProfiles,
    { provide: Tenants, useExisting: TenantProfiles },
    provideStore(TenantStore, tenantSchema),
    DropOldEvents,
  ],
  exports: [Tenants],
})
export class TenantsModule {}
