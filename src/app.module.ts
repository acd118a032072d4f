import { Module, type DynamicModule } from '@nestjs/common';
import type { Config } from '#kernel/config/config';
import type { Extension } from '#kernel/extension';
import { KernelModule } from '#kernel/kernel.module';
import type { Database } from '#kernel/persistence/database';
import { events } from './event-catalogue.js';
import { TenantsModule } from './modules/tenants/tenants.module.js';
import { UsersModule } from './modules/users/users.module.js';
import { IngestionModule } from './modules/ingestion/ingestion.module.js';
import { InvestigationModule } from './modules/investigation/investigation.module.js';
import { RemediationModule } from './modules/remediation/remediation.module.js';
import { KnowledgeModule } from './modules/knowledge/knowledge.module.js';
import { IntegrationsModule } from './modules/integrations/integrations.module.js';
import { NotificationsModule } from './modules/notifications/notifications.module.js';

export interface AppParts {
  readonly config: Config;
  readonly database: Database;
  readonly extensions: readonly Extension[];
}

/** The list of all modules. */
@Module({})
export class AppModule {
  static with({ config, database, extensions }: AppParts): DynamicModule {
    const catalogue = [...events, ...extensions.flatMap((extension) => extension.events ?? [])];
    return {
      module: AppModule,
      imports: [
        KernelModule.with({ config, database, events: catalogue }),
        TenantsModule,
        UsersModule,
        IngestionModule,
        InvestigationModule,
        RemediationModule,
        KnowledgeModule,
        IntegrationsModule,
        NotificationsModule,
        ...extensions.map(({ module }) => module),
      ],
    };
  }
}
