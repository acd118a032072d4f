import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { Database } from '../persistence/database.js';
import { CommittedEvents } from './committed-events.js';
import { ReplicaSignals } from './replica-signals.js';

it('a database that is away is told of once, however often it is knocked at', async () => {
  const warnings: unknown[] = [];
  Logger.overrideLogger({
    log: () => undefined,
    error: () => undefined,
    warn: (said: unknown) => warnings.push(said),
  });
  let knocks = 0;
  let onThirdKnock: () => void = () => undefined;
  const thirdKnock = new Promise<void>((resolve) => (onThirdKnock = resolve));
  const closed = createServer((socket) => {
    socket.destroy();
    knocks += 1;
    if (knocks === 3) onThirdKnock();
  });
  await once(closed.listen(0, '127.0.0.1'), 'listening');
  const { port } = closed.address() as AddressInfo;
  const database = new Database(`postgres://nobody@127.0.0.1:${port}/none`);
  const signals = new ReplicaSignals(database, new CommittedEvents());
  try {
    await signals.onApplicationBootstrap();
    await thirdKnock;
    expect(warnings).toEqual(['The signal connection to PostgreSQL is down; polling until it is back']);
  } finally {
    await signals.onApplicationShutdown();
    closed.close();
  }
});
