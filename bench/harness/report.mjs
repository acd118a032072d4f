import { readFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));

export function machine() {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    platform: `${process.platform} ${process.arch}`,
  };
}

export function versions(postgres) {
  return { causeflow: version, node: process.versions.node, postgres };
}

/** A row as text. */
export function formatRow({
  work,
  subject,
  peer,
  unit,
  subjectMedian,
  peerMedian,
  ratio,
  runs,
  spread,
  interval,
}) {
  const range = ([low, high]) => `${number(low)}–${number(high)}`;
  const measured = `${work}\n  ${subject}: ${number(subjectMedian)} ${unit} (${range(spread.subject)})`;
  if (peer === null) return `${measured}; n = ${runs}, without a peer`;
  const confidence = interval
    ? `95 % ${interval.map((value) => value.toFixed(2)).join('–')}`
    : 'too few runs for 95 %';
  return [
    measured,
    `  ${peer}: ${number(peerMedian)} ${unit} (${range(spread.peer)})`,
    `  ratio ${ratio.toFixed(2)} (${confidence}; n = ${runs})`,
  ].join('\n');
}

function number(value) {
  if (value >= 100) return Math.round(value).toLocaleString('en');
  return value.toFixed(value >= 10 ? 1 : 2);
}

/** Rows as they are written to the JSON file. */
export function jsonRows(rows) {
  return rows.map(({ interval, ...row }) => ({ ...row, spread: { ...row.spread, interval } }));
}
