import type { TenantUser } from '../support/api.js';
import { newTenant } from '../support/api.js';
import { until } from '../support/until.js';
import type { HookReceiver } from './hook-receiver.js';

export interface Subscription {
  readonly subscriptionId: string;
  readonly url: string;
  readonly secret: string;
  readonly enabled: boolean;
  readonly disabledReason: string | null;
}

export interface Delivery {
  readonly deliveryId: string;
  readonly eventId: string;
  readonly event: string;
  readonly status: string;
  readonly attempts: number;
  readonly lastStatusCode: number | null;
  readonly lastError: string | null;
  readonly nextAttemptAt: string | null;
  readonly lastAttemptAt: string | null;
}

export const PATH = '/v1/webhook-subscriptions';

export async function subscribe(
  { api }: Pick<TenantUser, 'api'>,
  url: string,
  body: object = {},
): Promise<Subscription> {
  const answer = await api.post<Subscription>(PATH, { url, events: ['*'], ...body });
  if (answer.status !== 201) throw new Error(`answered ${answer.status}: ${JSON.stringify(answer.body)}`);
  return answer.body;
}

/** A new tenant with a subscription at the receiver. */
export async function newSubscriber(
  serverUrl: string,
  receiver: HookReceiver,
  body: object = {},
): Promise<{ tenant: TenantUser; subscription: Subscription }> {
  const tenant = await newTenant(serverUrl);
  return { tenant, subscription: await subscribe(tenant, receiver.url(), body) };
}

/** All deliveries, newest event first. */
export function deliveriesOf(
  { api }: Pick<TenantUser, 'api'>,
  { subscriptionId }: Pick<Subscription, 'subscriptionId'>,
): Promise<Delivery[]> {
  return api.all<Delivery>(`${PATH}/${subscriptionId}/deliveries?limit=100`);
}

/** Waits for a delivery that matches. */
export async function delivered(
  tenant: Pick<TenantUser, 'api'>,
  subscription: Pick<Subscription, 'subscriptionId'>,
  matches: (delivery: Delivery) => boolean,
): Promise<Delivery> {
  return until('a delivery matches', async () => (await deliveriesOf(tenant, subscription)).find(matches));
}
