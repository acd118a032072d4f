import { Global, Module } from '@nestjs/common';
import { StepRunners } from './api.js';
import { ConnectIntegration } from './application/connect-integration.js';
import { Connections } from './application/connections.js';
import { ListIntegrations } from './application/list-integrations.js';
import { RunStep } from './application/run-step.js';
import { TestIntegration } from './application/test-integration.js';
import { Integrations } from './domain/integrations.js';
import { IntegrationsController } from './http/integrations.controller.js';
import { StoredIntegrations } from './infrastructure/stored-integrations.js';
import { Outside } from './providers/provider.js';

/** Tools of the tenant, connected. Global, so that its api.ts can be asked for without an import of this file. */
@Global()
@Module({
  controllers: [IntegrationsController],
  providers: [
    Outside,
    Connections,
    ConnectIntegration,
    ListIntegrations,
    TestIntegration,
    { provide: Integrations, useClass: StoredIntegrations },
    { provide: StepRunners, useClass: RunStep },
  ],
  exports: [StepRunners],
})
export class IntegrationsModule {}
