import { Module, type DynamicModule } from '@nestjs/common';
import type { Config } from '#kernel/config/config';
import { KernelModule } from '#kernel/kernel.module';
import type { Database } from '#kernel/persistence/database';
import { events } from './event-catalogue.js';
import type { Extension } from './extensions.js';
import { IngestionModule } from './modules/ingestion/ingestion.module.js';

export interface AppParts {
  readonly config: Config;
  readonly database: Database;
  readonly extensions: readonly Extension[];
}

/** The table of contents. */
@Module({})
export class AppModule {
  static with({ config, database, extensions }: AppParts): DynamicModule {
    const catalogue = [...events, ...extensions.flatMap((extension) => extension.events ?? [])];
    return {
      module: AppModule,
      imports: [
        KernelModule.with({ config, database, events: catalogue }),
        IngestionModule,
        ...extensions.map(({ module }) => module),
      ],
    };
  }
}
