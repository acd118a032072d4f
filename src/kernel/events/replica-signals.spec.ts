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

it('a connection on which PostgreSQL does not let it listen is closed before the next one', async () => {
  Logger.overrideLogger(false);
  let open = 0;
  let knocks = 0;
  let openAtThirdKnock: (sockets: number) => void = () => undefined;
  const atThirdKnock = new Promise<number>((resolve) => (openAtThirdKnock = resolve));
  const standby = createServer((socket) => {
    open += 1;
    knocks += 1;
    if (knocks === 3) openAtThirdKnock(open);
    socket.once('data', () => {
      socket.write(LET_IN);
      socket.once('data', () => socket.write(IN_RECOVERY));
    });
    socket.on('error', () => undefined).on('close', () => (open -= 1));
  });
  await once(standby.listen(0, '127.0.0.1'), 'listening');
  const { port } = standby.address() as AddressInfo;
  const signals = new ReplicaSignals(
    new Database(`postgres://nobody@127.0.0.1:${port}/none`),
    new CommittedEvents(),
  );
  try {
    await signals.onApplicationBootstrap();
    expect(await atThirdKnock).toBe(1);
  } finally {
    await signals.onApplicationShutdown();
    standby.close();
  }
});

const READY = message('Z', Buffer.from('I'));
const LET_IN = Buffer.concat([message('R', Buffer.alloc(4)), READY]);
const IN_RECOVERY = Buffer.concat([
  message('E', Buffer.from('SERROR\0C25006\0Mcannot execute LISTEN during recovery\0\0')),
  READY,
]);

/** As PostgreSQL writes one: its kind, its length with the length itself, what it holds. */
function message(kind: string, holds: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeInt32BE(holds.length + 4);
  return Buffer.concat([Buffer.from(kind), length, holds]);
}
