import { setTimeout as sleep } from 'node:timers/promises';
import { against } from '../harness/alternate.mjs';
import { FrameReader } from '../harness/frames.mjs';
import { load } from '../harness/load.mjs';
import { median, percentile, sort } from '../harness/statistics.mjs';

/** An alert brings two events in one commit; the first of them is looked at. */
const EVENTS_AN_ALERT = 2;
const EVENTS_A_SECOND = 500;
const PATIENCE_MS = 20_000;

/**
 * From the commit of an event to its frame at a reader. A client sees the commit by its 202, which leaves right after it;
 * from the sending of the alert to the frame, told beside it, is more than the truth.
 */
export async function* delays({ way, sendTo, readFrom, senders, runs, seconds }) {
  const whole = [];
  const measure = async () => {
    const { sinceAnswered, sinceSent } = await delayed({ sendTo, readFrom, senders, seconds });
    whole.push(sinceSent);
    return sinceAnswered;
  };
  await measure();
  whole.length = 0;
  yield await against({
    work: `SSE p99 from commit to frame at ${EVENTS_A_SECOND} events/s, ${way}`,
    unit: 'ms',
    runs,
    subject: { name: 'CauseFlow', measure },
    limit: 25,
  });
  yield `  from sending the alert to its frame, p99: ${median(whole).toFixed(1)} ms`;
}

async function delayed({ sendTo, readFrom, senders, seconds }) {
  const arrivals = new Map();
  const take = ({ text, at }) => {
    const [incidentId] = /inc_\w{26}/.exec(text) ?? [];
    if (arrivals.has(incidentId)) throw new Error(`WRONG: the frame of ${incidentId} came twice`);
    arrivals.set(incidentId, at);
  };
  const readers = await Promise.all(
    senders.map(async ({ key }) => {
      const reader = new FrameReader(take);
      await reader.open(readFrom, key, 'events=incident.created');
      return reader;
    }),
  );
  const { times } = await load({
    ...{ urls: [sendTo], kind: 'alert', senders, connections: 16, seconds, timed: true, expect: [202] },
    ...{ rate: EVENTS_A_SECOND / EVENTS_AN_ALERT, most: (EVENTS_A_SECOND / EVENTS_AN_ALERT) * seconds },
  });
  const missing = () => times.filter(({ id }) => !arrivals.has(id)).length;
  for (const begun = performance.now(); missing() > 0; await sleep(10)) {
    if (performance.now() - begun > PATIENCE_MS)
      throw new Error(`WRONG: the frames of ${missing()} alerts of ${times.length} did not come`);
  }
  for (const reader of readers) reader.close();
  const p99 = (moment) =>
    percentile(sort(times.map((time) => Math.max(0, arrivals.get(time.id) - time[moment]))), 0.99);
  return { sinceAnswered: p99('answeredAt'), sinceSent: p99('sentAt') };
}
