import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { raiseIncident } from '../remediation/plan.js';
import { newTenant } from '../support/api.js';
import { TestServer } from '../support/server.js';
import { until } from '../support/until.js';
import { HookReceiver } from './hook-receiver.js';
import { subscribe } from './subscriber.js';

let server: TestServer;
let receiver: HookReceiver;
beforeAll(async () => {
  receiver = await HookReceiver.start();
  server = await TestServer.start({
    main: 'test/notifications/server-with-silent-names.mjs',
    env: { OUTBOUND_ALLOW_CIDRS: '127.0.0.0/8,::1' },
  });
});
afterAll(async () => {
  await server.stop();
  await receiver.stop();
});

it('of one tenant, in its webhooks and requests, do not keep the webhook of another from its address', async () => {
  const silent = await newTenant(server.url);
  for (const name of ['a', 'b', 'c']) await subscribe(silent, `http://${name}.test/hooks`);
  const config = { url: 'http://runner.test/steps', actions: ['rollback_deployment'] };
  const credentials = { secret: `whsec_${'A'.repeat(43)}=` };
  const connecting = silent.api.post('/v1/integrations/http_runner/connect', { config, credentials });
  await raiseIncident(silent.api, 'checkout');
  await until('a name of it is looked up', () => server.log.includes('looks up'));

  const other = await newTenant(server.url);
  await subscribe(other, `http://localhost:${receiver.port}/hooks`);
  await raiseIncident(other.api, 'checkout');
  await until('the webhook of the other arrives', () => receiver.hooks.length > 0);
  expect(server.log.match(/looks up/g)).toHaveLength(1);
  expect((await connecting).status).toBe(422);
});
