import type { JetStreamClient, JetStreamManager } from '@nats-io/jetstream';
import { expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { CommittedEvents } from '../committed-events.js';
import { EventTail } from './event-tail.js';

const CONFIG = {
  ...{ servers: [], tls: false, user: undefined, password: undefined },
  ...{ stream: 'causeflow', replicas: 1 },
};

it('a stream that cannot be followed is told of once, however often it is tried', async () => {
  const warnings: unknown[] = [];
  Logger.overrideLogger({
    log: () => undefined,
    error: () => undefined,
    warn: (said: unknown) => warnings.push(said),
  });
  let tries = 0;
  let onThirdTry: () => void = () => undefined;
  const thirdTry = new Promise<void>((resolve) => (onThirdTry = resolve));
  const away = {
    streams: {
      info: () => {
        tries += 1;
        if (tries === 3) onThirdTry();
        return Promise.reject(new Error('away'));
      },
    },
  } as unknown as JetStreamManager;
  const tail = new EventTail(CONFIG, new CommittedEvents(), () => undefined, {} as JetStreamClient, away);
  try {
    await thirdTry;
    expect(warnings).toEqual([new Error('away')]);
  } finally {
    await tail.stop();
  }
});
