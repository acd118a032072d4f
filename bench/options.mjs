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

/** Too long for a quick look. */
const LONG = ['cases', 'burst'];
/** Too long for whoever did not ask for it. */
const ASKED_FOR = ['soak', 'tenants'];

const usage = (works) => `Usage: npm run bench -- [options]

  --quick          everything short, in under 90 s: for a look, not for a claim
  --peers          beside its peers, those that are installed
  --only A,B       only these: ${works.join(', ')}
  --runs N         alternations of each row (7; with --quick 1)
  --seconds N      length of each run (3; with --quick 0.6) and of a burst (60)
  --minutes N      length of the soak (10), which takes part only when --only names it
  --incidents N    how many there are when lists are read (100000; with --quick 10000), with ten events each
  --tenants N      how many there are (100000) when --only names tenants, who send --rate N alerts a second (500)
                   for --seconds N a turn (10)
  --anyway         measure also what needs more free cores than there are
  --json FILE      write the rows for programs
  --profile FOLDER have the product write a CPU profile into it
  --help           this

It fails only where a result is wrong. See bench/README.md.`;

/**
 * @param arguments_ what stands after `npm run bench --`
 * @param works the names of all that can be measured
 * @returns {{ help: string } | { fault: string } | { wanted: string[], plan: object, json?: string, profile?: string }}
 */
export function readOptions(arguments_, works) {
  try {
    const { values } = parseArgs({ args: arguments_, options: OPTIONS });
    if (values.help) return { help: usage(works) };
    const { quick, peers, anyway, json, profile } = values;
    const wanted = values.only?.split(',') ?? byDefault(works, quick);
    const unknown = wanted.filter((name) => !works.includes(name));
    if (unknown.length > 0) throw new Error(`--only knows no ${unknown.join(', ')}, but ${works.join(', ')}`);
    const plan = {
      ...{ quick, peers, anyway },
      runs: number('runs', values.runs ?? (quick ? 1 : 7), { whole: true }),
      seconds: number('seconds', values.seconds ?? (quick ? 0.6 : 3)),
      incidents: number('incidents', values.incidents ?? (quick ? 10_000 : 100_000), { whole: true }),
      minutes: number('minutes', values.minutes ?? 10),
      burstSeconds: number('seconds', values.seconds ?? 60),
      tenantSeconds: number('seconds', values.seconds ?? 10),
      tenants: number('tenants', values.tenants ?? 100_000, { whole: true }),
      rate: number('rate', values.rate ?? 500, { whole: true }),
    };
    return { wanted, plan, json, profile };
  } catch (error) {
    return { fault: `${error.message}\n\n${usage(works)}` };
  }
}

function byDefault(works, quick) {
  return works.filter((name) => !ASKED_FOR.includes(name) && !(quick && LONG.includes(name)));
}

function number(name, text, { whole = false } = {}) {
  const value = Number(text);
  if (!(value > 0 && value < Infinity) || (whole && !Number.isInteger(value)))
    throw new Error(`--${name} must be a ${whole ? 'whole ' : ''}number above 0`);
  return value;
}
