import { runLoad } from '../harness/load.mjs';
import { compareWithLimit, repeat } from '../harness/rows.mjs';
import { SseReader } from '../harness/sse-reader.mjs';
import { median, percentile, sort } from '../harness/statistics.mjs';
import { waitUntil } from '../harness/wait-until.mjs';

/** An alert commits two events at once; the first one is measured. */
const EVENTS_PER_ALERT = 2;
const EVENTS_PER_SECOND = 500;

/**
 * Latency from the commit of an event to its frame at a client. The client knows the commit by its 202, which is sent right
 * after it. The latency from sending the alert, reported beside it, is an upper bound.
 */
export async function* eventLatency({ path, sendTo, readFrom, senders, runs, seconds }) {
  const measure = () => latencies({ sendTo, readFrom, senders, seconds });
  await measure();
  const measured = await repeat(runs, measure);
  yield compareWithLimit({
    work: `SSE p99 from commit to frame at ${EVENTS_PER_SECOND} events/s, ${path}`,
    unit: 'ms',
    subject: 'CauseFlow',
    values: measured.map(({ sinceAnswered }) => sinceAnswered),
    limit: 25,
  });
  const sinceSent = median(measured.map((each) => each.sinceSent));
  yield `  from sending the alert to its frame, p99: ${sinceSent.toFixed(1)} ms`;
}

async function latencies({ sendTo, readFrom, senders, seconds }) {
  const arrivals = new Map();
  const onFrame = ({ text, at }) => {
    const [incidentId] = /inc_\w{26}/.exec(text) ?? [];
    if (arrivals.has(incidentId)) throw new Error(`WRONG: the frame of ${incidentId} was received twice`);
    arrivals.set(incidentId, at);
  };
  const readers = await Promise.all(
    senders.map(async ({ key }) => {
      const reader = new SseReader(onFrame);
      await reader.open(readFrom, key, 'events=incident.created');
      return reader;
    }),
  );
  const rate = EVENTS_PER_SECOND / EVENTS_PER_ALERT;
  const { times } = await runLoad({
    urls: [sendTo],
    kind: 'alert',
    senders,
    connections: 16,
    seconds,
    maxRequests: rate * seconds,
    rate,
    timed: true,
    expect: [202],
  });
  const missing = () => times.filter(({ id }) => !arrivals.has(id)).length;
  await waitUntil(() => missing() === 0, {
    timeoutMs: 20_000,
    pollMs: 10,
    problem: () => `the frames of ${missing()} of ${times.length} alerts were not received`,
  });
  for (const reader of readers) reader.close();
  const p99 = (since) =>
    percentile(sort(times.map((time) => Math.max(0, arrivals.get(time.id) - time[since]))), 0.99);
  return { sinceAnswered: p99('answeredAt'), sinceSent: p99('sentAt') };
}
