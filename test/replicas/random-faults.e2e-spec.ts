import { performance } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { randomOf, shuffled } from '../support/random.js';
import { SOAK } from '../support/soak.js';
import { type Fault, replicaFaults, serverFaults } from './faults.js';
import { Installation } from './installation.js';
import { Story } from './story.js';

const { seeds: SEEDS, seconds: SECONDS } = SOAK;
/** Of each kind, unless there are seconds. */
const FAULTS = 4;
const MAX_ATTEMPTS_BETWEEN = 30;
/** While a replica is paused, all senders may wait for it. */
const MAX_SECONDS_BETWEEN = 2;
const SETTLE_SECONDS = 180;

let installation: Installation;
beforeEach(async () => {
  installation = await Installation.start();
}, 120_000);
afterEach(() => installation.stop());

it.each(SEEDS)(
  'random faults of replicas, PostgreSQL, NATS and the network between break no promise (seed %i)',
  async (seed) => {
    const log: string[] = [];
    const stories = [
      await Story.begin(installation, randomOf(seed * 10 + 1)),
      await Story.begin(installation, randomOf(seed * 10 + 2)),
    ];
    const endsAt = performance.now() + SECONDS * 1_000;
    const sent = (): number => stories.reduce((sum, { attempts }) => sum + attempts, 0);
    const goOn = async (random: () => number): Promise<void> => {
      const [target, limit] = [
        sent() + random() * MAX_ATTEMPTS_BETWEEN,
        performance.now() + MAX_SECONDS_BETWEEN * 1_000,
      ];
      while (sent() < target && performance.now() < limit) await pause(20);
    };
    const inject = async (faults: Record<string, Fault>, random: () => number): Promise<void> => {
      const names = shuffled(Object.keys(faults), random);
      for (let n = 0; SECONDS > 0 ? performance.now() < endsAt : n < FAULTS; n++) {
        const name = names.next().value;
        log.push(`${sent()} ${name}`);
        // Two faults at a time: one may find what it needs broken by the other.
        const repair = await faults[name]?.(random).catch((error: unknown) => void log.push(String(error)));
        await goOn(random);
        await repair?.();
        log.push(`${sent()} end of ${name}`);
        await goOn(random);
      }
    };
    try {
      await Promise.all([
        inject(replicaFaults(installation), randomOf(seed * 10 + 3)),
        inject(serverFaults(installation), randomOf(seed * 10 + 4)),
      ]);
      await Promise.all(stories.map((story) => story.end()));
      if (SECONDS > 0) report(seed, log, stories);
      const violations = await Promise.all(stories.map((story) => story.findViolations(SETTLE_SECONDS)));
      expect([...violations.flat(), ...installation.ended]).toEqual([]);
      expect(stories.every(({ accepted }) => accepted.size > 10)).toBe(true);
    } catch (error) {
      process.stderr.write(`${log.join('\n')}\n`);
      report(seed, log, stories);
      throw error;
    } finally {
      await Promise.all(stories.map((story) => story.close()));
    }
  },
  SECONDS * 1_000 + 420_000,
);

function report(seed: number, log: readonly string[], stories: readonly Story[]): void {
  const faults = log.filter((line) => !line.includes('end of')).map((line) => line.replace(/^\d+ /, ''));
  const counts = [...new Set(faults)].map(
    (name) => `${faults.filter((each) => each === name).length} ${name}`,
  );
  const accepted = stories.map((story) => story.accepted.size).join(' + ');
  const complaints = [...new Set(installation.complaints.map((line) => line.slice(0, 300)))];
  process.stderr.write(`seed ${seed}: ${accepted} alerts; ${counts.join(', ')}\n${complaints.join('\n')}\n`);
}
