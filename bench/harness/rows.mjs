import { intervalOfMedian, median, spread } from './statistics.mjs';

/**
 * Measures subject and peer in turns (A B B A …), so that a disturbance of the machine affects both alike.
 * @param subject, peer  { name, measure: () => Promise<number> }
 * @param lowerIsBetter  for times and sizes: the ratio is inverted, so that higher is always better
 */
export async function compareWithPeer({ work, unit, runs, subject, peer, lowerIsBetter = false }) {
  const values = [];
  const peerValues = [];
  // The first run of each is a warm-up and is not counted.
  for (let round = -1; round < runs; round += 1) {
    const turns = [
      async () => values.push(await subject.measure()),
      async () => peerValues.push(await peer.measure()),
    ];
    if (round % 2 !== 0) turns.reverse();
    for (const turn of turns) await turn();
    if (round === -1) values.length = peerValues.length = 0;
  }
  const ratios = values.map((value, i) => (lowerIsBetter ? peerValues[i] / value : value / peerValues[i]));
  return row({ work, unit, subject: subject.name, values, peer: peer.name, peerValues, ratios });
}

/** A row of values that have a limit instead of a peer. */
export function compareWithLimit({ work, unit, subject, values, limit, lowerIsBetter = true }) {
  const peer = lowerIsBetter ? `at most ${limit}` : `at least ${limit}`;
  const ratios = values.map((value) => (lowerIsBetter ? limit / value : value / limit));
  return row({ work, unit, subject, values, peer, peerValues: [limit], ratios });
}

/** A row of values without peer and limit. */
export function withoutPeer({ work, unit, subject, values }) {
  return {
    work,
    subject,
    peer: null,
    unit,
    subjectMedian: median(values),
    peerMedian: null,
    ratio: null,
    runs: values.length,
    spread: { subject: spread(values), peer: null, ratio: null },
    interval: null,
  };
}

/** @returns the value of each run */
export async function repeat(runs, measure) {
  const values = [];
  for (let run = 0; run < runs; run += 1) values.push(await measure());
  return values;
}

function row({ work, unit, subject, values, peer, peerValues, ratios }) {
  return {
    work,
    subject,
    peer,
    unit,
    subjectMedian: median(values),
    peerMedian: median(peerValues),
    ratio: median(ratios),
    runs: values.length,
    spread: { subject: spread(values), peer: spread(peerValues), ratio: spread(ratios) },
    interval: intervalOfMedian(ratios),
  };
}
