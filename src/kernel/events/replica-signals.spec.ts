import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { Database } from '../persistence/database.js';
import { CommittedEvents } from './committed-events.js';
import { ReplicaSignals } from './replica-signals.js';

it('logs once that the database is unreachable, however often it reconnects', async () => {
  const warnings: unknown[] = [];
  Logger.overrideLogger({
    log: () => undefined,
    error: () => undefined,
    warn: (message: unknown) => warnings.push(message),
  });
  let attempts = 0;
  let onThirdAttempt: () => void = () => undefined;
  const thirdAttempt = new Promise<void>((resolve) => (onThirdAttempt = resolve));
  const unreachable = createServer((socket) => {
    socket.destroy();
    attempts += 1;
    if (attempts === 3) onThirdAttempt();
  });
  await once(unreachable.listen(0, '127.0.0.1'), 'listening');
  const { port } = unreachable.address() as AddressInfo;
  const database = new Database(`postgres://nobody@127.0.0.1:${port}/none`);
  const signals = new ReplicaSignals(database, new CommittedEvents());
  try {
    await signals.onApplicationBootstrap();
    await thirdAttempt;
    expect(warnings).toEqual(['The signal connection to PostgreSQL is down; polling until it is back']);
  } finally {
    await signals.onApplicationShutdown();
    unreachable.close();
  }
});

it('closes a connection on which PostgreSQL refuses LISTEN before it opens the next one', async () => {
  Logger.overrideLogger(false);
  let open = 0;
  let attempts = 0;
  let openAtThirdAttempt: (sockets: number) => void = () => undefined;
  const atThirdAttempt = new Promise<number>((resolve) => (openAtThirdAttempt = resolve));
  const standby = createServer((socket) => {
    open += 1;
    attempts += 1;
    if (attempts === 3) openAtThirdAttempt(open);
    socket.once('data', () => {
      socket.write(AUTHENTICATED);
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
    expect(await atThirdAttempt).toBe(1);
  } finally {
    await signals.onApplicationShutdown();
    standby.close();
  }
});

const READY = message('Z', Buffer.from('I'));
const AUTHENTICATED = Buffer.concat([message('R', Buffer.alloc(4)), READY]);
const IN_RECOVERY = Buffer.concat([
  message('E', Buffer.from('SERROR\0C25006\0Mcannot execute LISTEN during recovery\0\0')),
  READY,
]);

/** A message of the PostgreSQL protocol: type, length including the length field, body. */
function message(type: string, body: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeInt32BE(body.length + 4);
  return Buffer.concat([Buffer.from(type), length, body]);
}
