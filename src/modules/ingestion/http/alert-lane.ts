import { Injectable, type OnModuleInit } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { FastLane } from '#kernel/http/fast-lane';
import { CountRefusals } from './count-refusals.filter.js';
import { NativeWebhooksController } from './native-webhooks.controller.js';
import { WebhooksController } from './webhooks.controller.js';

/** Routes alerts, which come in storms, through the fast lane to their controllers. */
@Injectable()
export class AlertLane implements OnModuleInit {
  constructor(
    private readonly lane: FastLane,
    private readonly modules: ModuleRef,
  ) {}

  onModuleInit(): void {
    const custom = this.modules.get(WebhooksController);
    const native = this.modules.get(NativeWebhooksController);
    const refusals = this.modules.get(CountRefusals);
    const refusalFrom: CountRefusals['refusalFrom'] = (thrown, request, response) =>
      refusals.refusalFrom(thrown, request, response);
    this.lane.open({
      // In any case, as Express takes it: the next lane would take it for a provider.
      path: /^\/v1\/webhooks\/(\w+)\/custom$/i,
      route: '/v1/webhooks/:tenantId/custom',
      status: 202,
      // A duplicate: expected, and counted.
      usual: [409],
      serve: (request, answer, tenantId: string) => custom.custom(tenantId, request, answer),
      refusalFrom,
    });
    this.lane.open({
      path: /^\/v1\/webhooks\/(\w+)\/(\w+)$/,
      route: '/v1/webhooks/:tenantId/:provider',
      status: 202,
      usual: [],
      serve: (request, answer, tenantId: string, provider: string) =>
        native.byKey(tenantId, provider, request, answer),
      refusalFrom,
    });
    this.lane.open({
      path: /^\/v1\/webhooks\/(\w+)\/(\w+)\/([\w-]+)$/,
      route: '/v1/webhooks/:tenantId/:provider/:ingestToken',
      status: 202,
      usual: [],
      serve: (request, answer, tenantId: string, provider: string, ingestToken: string) =>
        native.takeByToken({ tenantId, provider, ingestToken }, request, answer),
      refusalFrom,
    });
  }
}
