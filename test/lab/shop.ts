import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** The services and their dependencies, the entry point first. A service responds after its dependencies. */
const DEPENDENCIES: Readonly<Record<string, readonly string[]>> = {
  storefront: ['basket', 'catalogue'],
  basket: ['pricing', 'sessions'],
  catalogue: ['images'],
  pricing: [],
  sessions: [],
  images: [],
};
const BUCKETS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5];
const TICK_MS = 50;
const REQUESTS_PER_TICK = 2;

class Service {
  slow = false;
  ok = 0;
  failed = 0;
  seconds = 0;
  cpu = 0;
  readonly bucketCounts = BUCKETS.map(() => 0);

  constructor(
    readonly name: string,
    readonly dependencies: readonly Service[],
  ) {}

  /** Handles a request, with requests to the dependencies. */
  handle(): { seconds: number; failed: boolean } {
    const responses = this.dependencies.map((service) => service.handle());
    const work = (this.slow ? 0.6 : 0.02) * (0.7 + 0.6 * Math.random());
    const seconds = work + Math.max(0, ...responses.map((response) => response.seconds));
    const errorRate = this.slow ? 0.4 : 0.002;
    const failed = Math.random() < errorRate || responses.some((response) => response.failed);
    this[failed ? 'failed' : 'ok'] += 1;
    this.seconds += seconds;
    BUCKETS.forEach((bound, i) => {
      if (seconds <= bound) this.bucketCounts[i] = (this.bucketCounts[i] ?? 0) + 1;
    });
    this.cpu += this.slow ? 0.02 : 0.004 * (0.8 + 0.4 * Math.random());
    return { seconds, failed };
  }
}

/** A shop of six services under steady traffic, with one exporter for all of them and conventional metric names. */
export class Shop {
  readonly services: ReadonlyMap<string, Service>;
  private readonly traffic: NodeJS.Timeout;

  private constructor(private readonly server: Server) {
    const services = new Map<string, Service>();
    const make = (name: string): Service => {
      const service = services.get(name) ?? new Service(name, (DEPENDENCIES[name] ?? []).map(make));
      services.set(name, service);
      return service;
    };
    const entryPoint = make(Object.keys(DEPENDENCIES)[0] ?? '');
    this.services = services;
    this.traffic = setInterval(() => {
      for (let n = 0; n < REQUESTS_PER_TICK; n += 1) entryPoint.handle();
    }, TICK_MS);
  }

  static async start(): Promise<Shop> {
    const server = createServer((_, response) => response.end(shop.metrics()));
    const shop = new Shop(server);
    await once(server.listen(0, '127.0.0.1'), 'listening');
    return shop;
  }

  get address(): string {
    return `127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  break(name: string, slow = true): void {
    const service = this.services.get(name);
    if (service) service.slow = slow;
  }

  stop(): void {
    clearInterval(this.traffic);
    this.server.closeAllConnections();
    this.server.close();
  }

  private metrics(): string {
    const all = [...this.services.values()];
    const lines = (type: string, name: string, of: (service: Service, label: string) => string[]) => [
      `# TYPE ${name} ${type}`,
      ...all.flatMap((service) => of(service, `service="${service.name}"`)),
    ];
    return [
      ...lines('counter', 'http_requests_total', ({ ok, failed }, label) => [
        `http_requests_total{${label},code="200"} ${ok}`,
        `http_requests_total{${label},code="500"} ${failed}`,
      ]),
      ...lines(
        'histogram',
        'http_request_duration_seconds',
        ({ bucketCounts, seconds, ok, failed }, label) => [
          ...BUCKETS.map(
            (bound, i) =>
              `http_request_duration_seconds_bucket{${label},le="${bound}"} ${bucketCounts[i] ?? 0}`,
          ),
          `http_request_duration_seconds_bucket{${label},le="+Inf"} ${ok + failed}`,
          `http_request_duration_seconds_sum{${label}} ${seconds}`,
          `http_request_duration_seconds_count{${label}} ${ok + failed}`,
        ],
      ),
      ...lines('counter', 'process_cpu_seconds_total', ({ cpu }, label) => [
        `process_cpu_seconds_total{${label}} ${cpu}`,
      ]),
      '',
    ].join('\n');
  }
}
