import { setTimeout as sleep } from 'node:timers/promises';
import { against, alone, alternate } from '../harness/alternate.mjs';
import { residentKiB } from '../harness/footprint.mjs';
import { now, Readers } from '../harness/streams.mjs';

const EVENTS = 50;
const BURSTS = 4;
const SETTLE_MS = 2_000;

/** Bursts of events to many readers, in deliveries a second: from the first byte published to the last one read. */
export async function* deliveries({ product, peers, clients, runs }) {
  const work = `SSE deliveries, ${EVENTS}-event bursts, ${clients.toLocaleString('en')} clients`;
  const unit = 'deliveries/s';
  const opened = [];
  const listen = async (target) => {
    const readers = new Readers();
    await readers.open({ ...target.stream, clients });
    opened.push(readers);
    return { name: target.name, measure: () => delivered(target, readers, clients) };
  };
  await openAndClose(product.stream);
  const subject = await listen(product);
  await sleep(SETTLE_MS);
  if (peers.length === 0) yield await alone({ work, unit, runs, subject });
  for (const peer of peers) yield await alternate({ work, unit, runs, subject, peer: await listen(peer) });
  for (const readers of opened) readers.close();
}

/**
 * What the resident memory grows by, over the number of streams. Each run has a process of its own: what one has grown by, it
 * keeps for the next streams.
 */
export async function* streamMemory({ start, clients, runs }) {
  yield await against({
    work: `SSE memory a stream, ${clients.toLocaleString('en')} clients`,
    unit: 'KiB',
    runs,
    subject: { name: 'CauseFlow', measure: async () => grownByStreams(await start(), clients) },
    limit: 25,
  });
}

async function grownByStreams(product, clients) {
  await openAndClose(product.stream);
  const before = residentKiB(product.pid);
  const readers = new Readers();
  await readers.open({ ...product.stream, clients });
  await sleep(SETTLE_MS);
  const grown = residentKiB(product.pid) - before;
  readers.close();
  await product.end();
  await product.stop();
  return grown / clients;
}

/** What a first stream loads and what opening compiles is no stream's own. */
async function openAndClose(stream) {
  const readers = new Readers();
  await readers.open({ ...stream, clients: 200 });
  readers.close();
  await sleep(SETTLE_MS / 2);
}

async function delivered(target, readers, clients) {
  let milliseconds = 0;
  for (let burst = 0; burst < BURSTS; burst += 1) {
    await readers.expect(EVENTS);
    const begun = now();
    const [{ at }] = await Promise.all([readers.received(), target.publish(EVENTS)]);
    milliseconds += at - begun;
  }
  return (clients * EVENTS * BURSTS) / (milliseconds / 1000);
}
