import type { JetStreamClient, JetStreamManager } from '@nats-io/jetstream';
import { expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { CommittedEvents } from '../committed-events.js';
import { EventTail } from './event-tail.js';

const CONFIG = {
  ...{ servers: [], tls: false, user: undefined, password: undefined },
  ...{ stream: 'causeflow', replicas: 1 },
};

it('logs once that the stream cannot be read, however often it retries', async () => {
  const warnings: unknown[] = [];
  Logger.overrideLogger({
    log: () => undefined,
    error: () => undefined,
    warn: (message: unknown) => warnings.push(message),
  });
  let tries = 0;
  let onThirdTry: () => void = () => undefined;
  const thirdTry = new Promise<void>((resolve) => (onThirdTry = resolve));
  const unreachable = {
    streams: {
      info: () => {
        tries += 1;
        if (tries === 3) onThirdTry();
        return Promise.reject(new Error('unreachable'));
      },
    },
  } as unknown as JetStreamManager;
  const tail = new EventTail(
    CONFIG,
    new CommittedEvents(),
    () => undefined,
    {} as JetStreamClient,
    unreachable,
  );
  try {
    await thirdTry;
    expect(warnings).toEqual([new Error('unreachable')]);
  } finally {
    await tail.stop();
  }
});
