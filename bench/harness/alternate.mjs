import { intervalOfMedian, median, spread } from './statistics.mjs';

/**
 * Measures A B A B…: what disturbs the machine for a while disturbs both alike. Each begins half of the rounds.
 * @param subject  () => Promise<number>
 * @param peer     () => Promise<number>
 * @param lowerIsBetter  for times and sizes; the ratio is then turned over, so that higher is always better
 */
export async function alternate({ work, unit, runs, subject, peer, lowerIsBetter = false }) {
  const ours = [];
  const theirs = [];
  // The first run of each is a warm-up and not counted.
  for (let round = -1; round < runs; round += 1) {
    const turns = [
      async () => ours.push(await subject.measure()),
      async () => theirs.push(await peer.measure()),
    ];
    if (round % 2 !== 0) turns.reverse();
    for (const turn of turns) await turn();
    if (round === -1) ours.length = theirs.length = 0;
  }
  const ratios = ours.map((value, at) => (lowerIsBetter ? theirs[at] / value : value / theirs[at]));
  return {
    work,
    subject: subject.name,
    peer: peer.name,
    unit,
    subjectMedian: median(ours),
    peerMedian: median(theirs),
    ratio: median(ratios),
    runs,
    spread: { subject: spread(ours), peer: spread(theirs), ratio: spread(ratios) },
    interval: intervalOfMedian(ratios),
  };
}

/** Measures something that has a limit instead of a peer. */
export async function against({ work, unit, runs, subject, limit, lowerIsBetter = true }) {
  const values = [];
  for (let round = 0; round < runs; round += 1) values.push(await subject.measure());
  const ratios = values.map((value) => (lowerIsBetter ? limit / value : value / limit));
  return {
    work,
    subject: subject.name,
    peer: lowerIsBetter ? `at most ${limit}` : `at least ${limit}`,
    unit,
    subjectMedian: median(values),
    peerMedian: limit,
    ratio: median(ratios),
    runs,
    spread: { subject: spread(values), peer: [limit, limit], ratio: spread(ratios) },
    interval: intervalOfMedian(ratios),
  };
}

/** Measures without a peer, where none is wanted or there. */
export async function alone({ work, unit, runs, subject }) {
  const values = [];
  for (let round = -1; round < runs; round += 1) values.push(await subject.measure());
  values.shift();
  return {
    work,
    subject: subject.name,
    peer: null,
    unit,
    subjectMedian: median(values),
    peerMedian: null,
    ratio: null,
    runs,
    spread: { subject: spread(values), peer: null, ratio: null },
    interval: null,
  };
}
