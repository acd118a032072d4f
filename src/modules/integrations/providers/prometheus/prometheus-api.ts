import type { JsonSource } from '../json-source.js';
import { listOf, numberOf, objectOf, textOf } from '../read-json.js';

export interface Sample {
  /** Epoch ms. */
  readonly timestamp: number;
  readonly value: number;
}

export interface Series {
  readonly labels: Readonly<Record<string, unknown>>;
  readonly samples: readonly Sample[];
}

/** Seconds since 1970 and seconds. */
export interface Range {
  readonly start: number;
  readonly end: number;
  readonly step: number;
}

/** The part of Prometheus's HTTP API that is needed, with validated answers. */
export class PrometheusApi {
  constructor(private readonly source: JsonSource) {}

  /** The label sets of an instant query's answer, each with its value. */
  async now(
    query: string,
    at: number,
  ): Promise<{ labels: Readonly<Record<string, unknown>>; value: number | undefined }[]> {
    const answer = await this.source.get('/api/v1/query', [['query', query], ['time', String(at)]]); // prettier-ignore
    return resultOf(answer).map((entry) => ({
      labels: objectOf(objectOf(entry)['metric']),
      value: numberOf(listOf(objectOf(entry)['value'])[1]),
    }));
  }

  /** The raw samples of a range selector such as `up[5m]`, of each series. */
  async raw(query: string, at: number): Promise<(readonly Sample[])[]> {
    const answer = await this.source.get('/api/v1/query', [['query', query], ['time', String(at)]]); // prettier-ignore
    return resultOf(answer).map((entry) => samplesOf(objectOf(entry)['values']));
  }

  /** The values of a label in a window, of the series that match. */
  async values(label: string, matchers: string, { start, end }: Omit<Range, 'step'>): Promise<string[]> {
    const answer = await this.source.get(`/api/v1/label/${label}/values`, [
      ['match[]', `{${label}!=""${matchers}}`],
      ['start', String(start)],
      ['end', String(end)],
    ]);
    return listOf(objectOf(answer)['data']).flatMap((value) => textOf(value) ?? []);
  }

  /** The label names of the series that match in a window. */
  async labels(matchers: string, { start, end }: Omit<Range, 'step'>): Promise<string[]> {
    const answer = await this.source.get('/api/v1/labels', [
      ['match[]', `{${matchers}}`],
      ['start', String(start)],
      ['end', String(end)],
    ]);
    return listOf(objectOf(answer)['data']).flatMap((label) => textOf(label) ?? []);
  }

  /** Every series over time. Values that are no numbers (NaN, +Inf) are left out. */
  async range(query: string, { start, end, step }: Range): Promise<Series[]> {
    const answer = await this.source.get('/api/v1/query_range', [
      ['query', query],
      ['start', String(start)],
      ['end', String(end)],
      ['step', String(step)],
    ]);
    return resultOf(answer).map((entry) => ({
      labels: objectOf(objectOf(entry)['metric']),
      samples: samplesOf(objectOf(entry)['values']),
    }));
  }

  /** Its version; undefined when the server is not Prometheus. */
  async version(): Promise<string | undefined> {
    const answer = objectOf(await this.source.get('/api/v1/query', [['query', 'vector(1)']]));
    return answer['status'] === 'success' ? textOf(objectOf(answer['data'])['resultType']) : undefined;
  }
}

export function seconds(moment: Date): number {
  return Math.floor(moment.getTime() / 1000);
}

function resultOf(answer: unknown): readonly unknown[] {
  return listOf(objectOf(objectOf(answer)['data'])['result']);
}

function samplesOf(values: unknown): Sample[] {
  return listOf(values).flatMap((pair) => {
    const [at, value] = [numberOf(listOf(pair)[0]), numberOf(listOf(pair)[1])];
    return at === undefined || value === undefined ? [] : [{ timestamp: Math.round(at * 1000), value }];
  });
}
