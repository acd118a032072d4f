import { Global, Module } from '@nestjs/common';
import { AlertSources, ChatDecisions, EvidenceSources, StepRunners } from './api.js';
import { IngestEndpoints } from './application/webhooks/ingest-endpoints.js';
import { ChangeTrigger } from './application/triggers/change-trigger.js';
import { ComposeMessage } from './application/chat/compose-message.js';
import { ConfirmSubscription } from './application/webhooks/confirm-subscription.js';
import { ConnectIntegration } from './application/connections/connect-integration.js';
import { Connections } from './application/connections/connections.js';
import { CreateTrigger } from './application/triggers/create-trigger.js';
import { DecideInChat } from './application/chat/decide-in-chat.js';
import { DeliverMessage } from './application/chat/deliver-message.js';
import { DisconnectIntegration } from './application/connections/disconnect-integration.js';
import { GiveUpMessages } from './application/chat/give-up-messages.js';
import { HoldMessages } from './application/chat/hold-messages.js';
import { ListIntegrations } from './application/connections/list-integrations.js';
import { ListTriggers } from './application/triggers/list-triggers.js';
import { OpeningLimit } from './application/triggers/opening-limit.js';
import { PullEvidence } from './application/pull-evidence.js';
import { PutOffMessage } from './application/chat/put-off-message.js';
import { ReadAlerts } from './application/webhooks/read-alerts.js';
import { ReplyInChat } from './application/chat/reply-in-chat.js';
import { RequestMessage } from './application/chat/request-message.js';
import { RunStep } from './application/run-step.js';
import { SendMessage } from './application/chat/send-message.js';
import { SimulateTrigger } from './application/triggers/simulate-trigger.js';
import { TakeAction } from './application/triggers/take-action.js';
import { TakeDecision } from './application/chat/take-decision.js';
import { TestIntegration } from './application/connections/test-integration.js';
import { MatchTriggers } from './application/triggers/match-triggers.js';
import { FireTriggersWhenAnythingHappens } from './application/triggers/when-anything-happens.js';
import { DeleteThreadsWhenIncidentsDeleted } from './application/chat/when-incidents-deleted.js';
import { ChatMessages } from './domain/chat-messages.js';
import { Integrations } from './domain/integrations.js';
import { Triggers } from './domain/triggers.js';
import { IntegrationsController } from './http/integrations.controller.js';
import { TriggersController } from './http/triggers.controller.js';
import { SqlChatMessages } from './infrastructure/sql-chat-messages.js';
import { StoredIntegrations } from './infrastructure/stored-integrations.js';
import { StoredTriggers } from './infrastructure/stored-triggers.js';
import { Outside } from './providers/provider.js';

/** Integrations and triggers. Global, so that other modules can inject its api.ts without importing this file. */
@Global()
@Module({
  controllers: [IntegrationsController, TriggersController],
  providers: [
    Outside,
    Connections,
    IngestEndpoints,
    ConfirmSubscription,
    ConnectIntegration,
    DisconnectIntegration,
    ListIntegrations,
    TestIntegration,
    CreateTrigger,
    ChangeTrigger,
    ListTriggers,
    SimulateTrigger,
    MatchTriggers,
    ComposeMessage,
    RequestMessage,
    SendMessage,
    DeliverMessage,
    PutOffMessage,
    HoldMessages,
    GiveUpMessages,
    DecideInChat,
    ReplyInChat,
    TakeAction,
    OpeningLimit,
    FireTriggersWhenAnythingHappens,
    DeleteThreadsWhenIncidentsDeleted,
    { provide: Integrations, useClass: StoredIntegrations },
    { provide: Triggers, useClass: StoredTriggers },
    { provide: ChatMessages, useClass: SqlChatMessages },
    { provide: StepRunners, useClass: RunStep },
    { provide: AlertSources, useClass: ReadAlerts },
    { provide: ChatDecisions, useClass: TakeDecision },
    { provide: EvidenceSources, useClass: PullEvidence },
  ],
  exports: [AlertSources, ChatDecisions, EvidenceSources, StepRunners],
})
export class IntegrationsModule {}
