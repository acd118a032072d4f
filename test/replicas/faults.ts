import { setTimeout as pause } from 'node:timers/promises';
import { pick } from '../support/random.js';
import type { Installation } from './installation.js';

type Repair = () => Promise<void> | void;

/** Causes a fault. @returns what repairs it, unless it passes by itself */
export type Fault = (random: () => number) => Promise<Repair | undefined>;

/** A fault that passes by itself. */
const passing =
  (cause: (random: () => number) => Promise<void> | void): Fault =>
  async (random) => {
    await cause(random);
    return undefined;
  };

/** A fault that is caused at once. */
const lasting =
  (cause: (random: () => number) => Repair): Fault =>
  (random) =>
    Promise.resolve(cause(random));

const CONNECTIONS = [
  'causeflow',
  'causeflow-relay',
  'causeflow-jobs',
  'causeflow-signals',
  'causeflow-workers-alive',
];

/** Longer than it takes to free the jobs of a process that was taken for dead. */
const TAKEN_FOR_DEAD_MS = 9_000;

/** What can happen to the replicas. */
export function replicaFaults(at: Installation): Record<string, Fault> {
  const any = (random: () => number): number => Math.floor(random() * at.size);
  return {
    kill: async (random) => {
      const n = any(random);
      await at.killReplica(n);
      return () => at.startReplica(n);
    },
    restart: passing(async (random) => {
      const n = any(random);
      await at.stopReplica(n);
      await at.startReplica(n);
    }),
    pause: lasting((random) => {
      const n = any(random);
      at.signal(n, 'SIGSTOP');
      return () => at.signal(n, 'SIGCONT');
    }),
    'pause without connections': passing(async (random) => {
      const n = any(random);
      at.signal(n, 'SIGSTOP');
      await at.endConnections('causeflow%').catch(() => undefined);
      await pause(TAKEN_FOR_DEAD_MS);
      at.signal(n, 'SIGCONT');
    }),
  };
}

/** What can happen to PostgreSQL, NATS and the network between. */
export function serverFaults(at: Installation): Record<string, Fault> {
  const { nats, postgres } = at;
  const { proxy } = postgres;
  return {
    'end connections': passing((random) => at.endConnections(pick([...CONNECTIONS, 'causeflow%'], random))),
    'crash a backend': passing(() => at.crashBackend()),
    'crash PostgreSQL': passing(() => postgres.crash()),
    'break in answers': passing(() => proxy.breakInAnswers()),
    'refuse connections': lasting(() => {
      proxy.close();
      return () => proxy.heal();
    }),
    'drop all bytes': lasting(() => {
      proxy.cut();
      return () => proxy.heal();
    }),
    'drop all bytes of open connections': passing(() => proxy.muteAll()),
    ...(nats && {
      'restart NATS': passing(() => nats.restart()),
      'pause NATS': lasting(() => {
        nats.signal(0, 'SIGSTOP');
        return () => nats.signal(0, 'SIGCONT');
      }),
      'NATS loses its storage': async () => {
        await nats.loseStorage(0);
        return () => nats.startNode(0);
      },
    }),
  };
}
