import { describe, expect, it } from '@jest/globals';
import { mutationsOf } from '../alert-sources/mutations.fixture.js';
import { kubernetes } from './provider.js';

const read = (body: unknown) => kubernetes.webhooks?.notices(body) ?? [];

const event = (more: object = {}) => ({
  involvedObject: { kind: 'Pod', namespace: 'shop', name: 'cart-0', uid: 'u-1', labels: { app: 'cart' } },
  type: 'Warning',
  reason: 'BackOff',
  message: 'Back-off restarting failed container',
  count: 4,
  metadata: { name: 'cart-0.159d', uid: 'e-1' },
  ...more,
});

describe('a Warning event', () => {
  it('is known by object and reason, whatever its count', () => {
    expect(read(event())).toEqual([
      {
        state: 'firing',
        sourceAlertId: 'Pod/shop/cart-0/BackOff',
        title: 'BackOff: Pod cart-0',
        description: 'Back-off restarting failed container',
        severity: 'medium',
        service: 'cart',
        environment: null,
        tags: { app: 'cart' },
        metadata: { kind: 'Pod', namespace: 'shop', name: 'cart-0', count: '4' },
      },
    ]);
    const again = event({ count: 5, metadata: { uid: 'e-2' } });
    expect(read(again)[0]?.sourceAlertId).toBe('Pod/shop/cart-0/BackOff');
  });

  it.each([['NodeNotReady', 'high'], ['OOMKilling', 'high'], ['Unhealthy', 'medium'], ['constructor', 'medium']])(
    'with the reason %s is %s',
    (reason, severity) => {
      expect(read(event({ reason }))).toMatchObject([{ severity }]);
    },
  ); // prettier-ignore

  it('may come without a type, as events.k8s.io/v1, as CloudEvent, or with others', () => {
    const { involvedObject, type: _, ...untyped } = event();
    expect(read({ ...untyped, involvedObject })).toHaveLength(1);
    expect(read({ ...untyped, type: 'Warning', regarding: involvedObject, note: 'as before' })).toMatchObject(
      [{ sourceAlertId: 'Pod/shop/cart-0/BackOff' }],
    );
    const cloudEvent = {
      specversion: '1.0',
      type: 'dev.knative.apiserver.resource.add',
      data: event({ reason: 'Failed' }),
    };
    const ids = ['Pod/shop/cart-0/BackOff', 'Pod/shop/cart-0/Failed'];
    for (const several of [[event(), cloudEvent], { kind: 'EventList', items: [event(), cloudEvent] }])
      expect(read(several).map(({ sourceAlertId }) => sourceAlertId)).toEqual(ids);
  });
});

it('mutations of an event are read without an error', () => {
  for (const odd of mutationsOf({ items: [{ specversion: '1.0', data: event() }] }))
    for (const { sourceAlertId } of read(odd)) expect(sourceAlertId).toMatch(/\S/);
});

it('other bodies yield no alert', () => {
  const deep = JSON.parse('['.repeat(100_000) + ']'.repeat(100_000)) as unknown;
  for (const odd of [{}, [], [null, 1, deep], deep, { involvedObject: 'x', reason: 'y' }, { specversion: '1.0', data: deep }])
    expect(read(odd)).toEqual([]);
  for (const more of [{ type: 'Normal' }, { reason: {} }, { reason: '' }, { involvedObject: null }])
    expect(read(event(more))).toEqual([]);
}); // prettier-ignore

it('must come with the configured token', () => {
  const config = { url: 'https://cluster.example.com', namespaces: ['shop'] };
  const verify = (authorization: string | undefined, webhookToken?: string) =>
    kubernetes.webhooks?.verify(
      { config, credentials: { token: 'api', ...(webhookToken !== undefined && { webhookToken }) } },
      { headers: { authorization }, raw: Buffer.alloc(0) },
      new Date(0),
    );
  expect(verify(undefined)).toBeUndefined();
  expect(verify('Bearer sesame', 'sesame')).toBe(true);
  expect(verify('Bearer api', 'sesame')).toBe(false);
  expect(verify(undefined, 'sesame')).toBe(false);
});
