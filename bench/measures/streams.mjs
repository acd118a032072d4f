import { setTimeout as sleep } from 'node:timers/promises';
import { epochNow } from '../harness/clock.mjs';
import { residentKiB } from '../harness/footprint.mjs';
import { compareWithLimit, compareWithPeer, repeat, withoutPeer } from '../harness/rows.mjs';
import { StreamClients } from '../harness/stream-clients.mjs';

const EVENTS = 50;
const BURSTS = 4;
const SETTLE_MS = 2_000;

/** Deliveries per second of bursts of events to many clients: from the start of publishing to the last byte received. */
export async function* deliveries({ product, peers, clients, runs }) {
  const row = {
    work: `SSE deliveries, ${EVENTS}-event bursts, ${clients.toLocaleString('en')} clients`,
    unit: 'deliveries/s',
  };
  const opened = [];
  const openClients = async (target) => {
    const streams = new StreamClients();
    await streams.open({ ...target.stream, clients });
    opened.push(streams);
    return { name: target.name, measure: () => deliveryRate(target, streams, clients) };
  };
  await warmUp(product.stream);
  const subject = await openClients(product);
  await sleep(SETTLE_MS);
  if (peers.length === 0) {
    await subject.measure();
    yield withoutPeer({ ...row, subject: subject.name, values: await repeat(runs, subject.measure) });
  }
  for (const peer of peers)
    yield await compareWithPeer({ ...row, runs, subject, peer: await openClients(peer) });
  for (const streams of opened) streams.close();
}

/**
 * Growth of the resident memory per stream. Each run uses a new process, since a process reuses the memory it has grown by
 * for later streams.
 */
export async function* streamMemory({ start, clients, runs }) {
  yield compareWithLimit({
    work: `SSE memory a stream, ${clients.toLocaleString('en')} clients`,
    unit: 'KiB',
    subject: 'CauseFlow',
    values: await repeat(runs, async () => memoryPerStream(await start(), clients)),
    limit: 25,
  });
}

async function memoryPerStream(product, clients) {
  await warmUp(product.stream);
  const before = residentKiB(product.pid);
  const streams = new StreamClients();
  await streams.open({ ...product.stream, clients });
  await sleep(SETTLE_MS);
  const growth = residentKiB(product.pid) - before;
  streams.close();
  await product.end();
  await product.stop();
  return growth / clients;
}

/** Opens and closes streams, so that code loaded and compiled for the first ones is not attributed to those measured. */
async function warmUp(stream) {
  const streams = new StreamClients();
  await streams.open({ ...stream, clients: 200 });
  streams.close();
  await sleep(SETTLE_MS / 2);
}

async function deliveryRate(target, streams, clients) {
  let milliseconds = 0;
  for (let burst = 0; burst < BURSTS; burst += 1) {
    await streams.expect(EVENTS);
    const publishedAt = epochNow();
    const [{ at }] = await Promise.all([streams.received(), target.publish(EVENTS)]);
    milliseconds += at - publishedAt;
  }
  return (clients * EVENTS * BURSTS) / (milliseconds / 1000);
}
