import { Injectable } from '@nestjs/common';
import { Counter, Histogram } from './instruments.js';

type Labels = Readonly<Record<string, string | number>>;

/** One value under one set of labels. */
export interface Reading {
  readonly labels: Labels;
  readonly value: number;
  /** Appended to the family's name: a histogram has several series. */
  readonly suffix?: '_bucket' | '_sum' | '_count';
}

export interface Family {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  read(): Promise<readonly Reading[]>;
}

type Source = () => readonly Reading[] | Promise<readonly Reading[]>;

/**
 * The metrics of the process. A class creates its instruments once, at its start, and keeps them. The text of `/metrics` is generated
 * at each scrape. CauseFlow's names begin with `causeflow_`; all end in their unit, and counters in `_total`.
 */
@Injectable()
export class Metrics {
  private readonly sources = new Map<string, { family: Family; of: Source[] }>();

  /** @param name with or without `_total`, which OpenMetrics adds to each counter */
  counter(name: string, help: string, labels: Labels = {}): Counter {
    const counter = new Counter();
    this.add('counter', name.replace(/_total$/, ''), help, () => [{ labels, value: counter.count }]);
    return counter;
  }

  /** @param bounds the upper bounds of the buckets, ascending */
  histogram(name: string, help: string, bounds: readonly number[], labels: Labels = {}): Histogram {
    const histogram = new Histogram(bounds);
    this.add('histogram', name, help, () => readingsOf(histogram, labels));
    return histogram;
  }

  /** @param read is called at each scrape */
  gauge(name: string, help: string, read: Source | (() => number)): void {
    this.add('gauge', name, help, async () => {
      const value = await read();
      return typeof value === 'number' ? [{ labels: {}, value }] : value;
    });
  }

  get families(): Family[] {
    return [...this.sources.values()].map(({ family }) => family);
  }

  private add(type: Family['type'], name: string, help: string, source: Source): void {
    const known = this.sources.get(name);
    if (known) {
      known.of.push(source);
      return;
    }
    const of = [source];
    const read = async (): Promise<Reading[]> => (await Promise.all(of.map(async (each) => each()))).flat();
    this.sources.set(name, { family: { name, help, type, read }, of });
  }
}

function readingsOf(histogram: Histogram, labels: Labels): Reading[] {
  const buckets = histogram.cumulative();
  return [
    ...buckets.map(({ bound, count }) => ({
      suffix: '_bucket' as const,
      labels: { ...labels, le: bound === Infinity ? '+Inf' : bound },
      value: count,
    })),
    { suffix: '_sum', labels, value: histogram.sum },
    { suffix: '_count', labels, value: buckets.at(-1)?.count ?? 0 },
  ];
}
