import { parseArgs } from 'node:util';

const OPTIONS = {
  help: { type: 'boolean', default: false },
  quick: { type: 'boolean', default: false },
  peers: { type: 'boolean', default: false },
  anyway: { type: 'boolean', default: false },
  json: { type: 'string' },
  profile: { type: 'string' },
  only: { type: 'string' },
  runs: { type: 'string' },
  incidents: { type: 'string' },
  minutes: { type: 'string' },
  seconds: { type: 'string' },
  tenants: { type: 'string' },
  rate: { type: 'string' },
};

/** Not with `--quick`. */
const SLOW = ['cases', 'burst'];
/** Only with `--only`. */
const OPTIONAL = ['soak', 'tenants'];

const usage = (names) => `Usage: npm run bench -- [options]

  --quick          short runs, in under 90 s; not a basis for claims
  --peers          compare with the peers that are installed
  --only A,B       only these: ${names.join(', ')}
  --runs N         runs of each row (7; with --quick 1)
  --seconds N      length of each run (3; with --quick 0.6), of a burst (60) and of a run of tenants (10)
  --minutes N      length of the soak (10), which runs only with --only
  --incidents N    incidents for reads (100000; with --quick 10000), ten events each
  --tenants N      number of tenants (100000) for tenants, which runs only with --only
  --rate N         alerts per second for tenants (500)
  --anyway         measure even with too few free cores
  --json FILE      write the rows as JSON
  --profile FOLDER write CPU profiles of CauseFlow into this folder
  --help           print this help

It fails only on wrong results. See bench/README.md.`;

/**
 * @param args the arguments after `npm run bench --`
 * @param names all benchmarks
 * @returns {{ help: string } | { error: string } | { selected: string[], plan: object, json?: string, profile?: string }}
 */
export function readOptions(args, names) {
  try {
    const { values } = parseArgs({ args, options: OPTIONS });
    if (values.help) return { help: usage(names) };
    const { quick, peers, anyway, json, profile } = values;
    const selected = values.only?.split(',') ?? defaults(names, quick);
    const unknown = selected.filter((name) => !names.includes(name));
    if (unknown.length > 0)
      throw new Error(`--only: unknown ${unknown.join(', ')}, expected some of ${names.join(', ')}`);
    const plan = {
      quick,
      peers,
      anyway,
      runs: integer('runs', values.runs ?? (quick ? 1 : 7)),
      seconds: number('seconds', values.seconds ?? (quick ? 0.6 : 3)),
      incidents: integer('incidents', values.incidents ?? (quick ? 10_000 : 100_000)),
      minutes: number('minutes', values.minutes ?? 10),
      burstSeconds: number('seconds', values.seconds ?? 60),
      tenantSeconds: number('seconds', values.seconds ?? 10),
      tenants: integer('tenants', values.tenants ?? 100_000),
      rate: integer('rate', values.rate ?? 500),
    };
    return { selected, plan, json, profile };
  } catch (error) {
    return { error: `${error.message}\n\n${usage(names)}` };
  }
}

function defaults(names, quick) {
  return names.filter((name) => !OPTIONAL.includes(name) && !(quick && SLOW.includes(name)));
}

function integer(name, text) {
  const value = number(name, text);
  if (!Number.isInteger(value)) throw new Error(`--${name} must be an integer above 0`);
  return value;
}

function number(name, text) {
  const value = Number(text);
  if (!(value > 0 && value < Infinity)) throw new Error(`--${name} must be a number above 0`);
  return value;
}
