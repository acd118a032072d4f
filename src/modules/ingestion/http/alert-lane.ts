import { Injectable, type OnModuleInit } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { FastLane } from '#kernel/http/fast-lane';
import { CountRefusals } from './count-refusals.filter.js';
import { WebhooksController } from './webhooks.controller.js';

/** Routes custom alerts, which come in storms, through the fast lane to their controller. */
@Injectable()
export class AlertLane implements OnModuleInit {
  constructor(
    private readonly lane: FastLane,
    private readonly modules: ModuleRef,
  ) {}

  onModuleInit(): void {
    const webhooks = this.modules.get(WebhooksController);
    const refusals = this.modules.get(CountRefusals);
    this.lane.open({
      path: /^\/v1\/webhooks\/(\w+)\/custom$/,
      route: '/v1/webhooks/:tenantId/custom',
      status: 202,
      serve: (tenantId, request, answer) => webhooks.custom(tenantId, request, answer),
      // A duplicate: expected, and counted.
      usual: [409],
      refusalFrom: (thrown, request, response) => refusals.refusalFrom(thrown, request, response),
    });
  }
}
