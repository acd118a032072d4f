import { execFile } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

const root = fileURLToPath(new URL('..', import.meta.url));
const cruiser = join(root, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs');

interface Cruise {
  modules: { source: string }[];
  summary: {
    violations: { from: string; to: string; rule: { name: string }; cycle?: { name: string }[] }[];
    ruleSetUsed: { forbidden: { name: string }[] };
  };
}

/** Applies the project's rules to a tree, as `npm run walls` does. */
async function cruise(tree: string): Promise<Cruise> {
  const args = [
    cruiser,
    '--config',
    join(root, '.dependency-cruiser.mjs'),
    '-T',
    'json',
    '{src,test,examples,bench}',
  ];
  const run = await promisify(execFile)(process.execPath, args, { cwd: tree, maxBuffer: 64 << 20 }).catch(
    // The exit code is the number of errors; the result is printed regardless.
    (failure: unknown) => {
      if (failure instanceof Error && 'stdout' in failure && failure.stdout !== '')
        return failure as { stdout: string };
      throw failure;
    },
  );
  return JSON.parse(run.stdout) as Cruise;
}

const violationsOf = ({ summary }: Cruise) =>
  summary.violations.map(({ rule, from, to }) => `${rule.name}: ${from} → ${to}`);

type Tree = Record<string, readonly string[]>;

/** Two modules, an example and the root, with every kind of allowed import. File → its imports. */
const VALID: Tree = {
  'src/main.ts': ['./serve.js'],
  'src/serve.ts': ['./app.module.js', '@nestjs/core'],
  'src/app.module.ts': [
    './extensions.js',
    './event-catalogue.js',
    '#modules/bar/bar.module',
    './modules/foo/foo.module.js',
  ],
  'src/extensions.ts': ['#kernel/events/define-event'],
  'src/event-catalogue.ts': ['#modules/foo/events', '#modules/bar/events'],
  'src/cli/tool.ts': ['../app.module.js'],
  'src/kernel/domain/aggregate.ts': ['../events/define-event.js'],
  'src/kernel/events/define-event.ts': ['class-validator'],
  'src/kernel/persistence/database.ts': ['typeorm', '../domain/aggregate.js'],
  'src/modules/foo/events.ts': ['#kernel/events/define-event', 'class-validator', '@nestjs/swagger'],
  'src/modules/foo/api.ts': ['#kernel/domain/aggregate'],
  'src/modules/foo/foo.module.ts': [
    '@nestjs/common',
    './http/things.controller.js',
    './infrastructure/typeorm-things.js',
  ],
  'src/modules/foo/domain/thing.ts': [
    '#kernel/domain/aggregate',
    '../events.js',
    './things.js',
    'simple-statistics',
    'node:crypto',
  ],
  'src/modules/foo/domain/things.ts': ['#kernel/events/define-event', '#modules/bar/events'],
  'src/modules/foo/domain/thing.spec.ts': ['./thing.js', '@jest/globals'],
  'src/modules/foo/application/make-thing.ts': [
    '../domain/thing.js',
    '../api.js',
    '#modules/bar/api',
    '#kernel/domain/aggregate',
  ],
  'src/modules/foo/application/when-bar.ts': ['#modules/bar/events', '@nestjs/cqrs'],
  'src/modules/foo/http/things.controller.ts': ['../application/make-thing.js', '../application/when-bar.js'],
  'src/modules/foo/infrastructure/typeorm-things.ts': [
    'typeorm',
    '../domain/things.js',
    '#kernel/persistence/database',
  ],
  'src/modules/bar/events.ts': ['#kernel/events/define-event'],
  'src/modules/bar/api.ts': ['#kernel/domain/aggregate'],
  'src/modules/bar/bar.module.ts': ['@nestjs/common', '#modules/foo/events'],
  'examples/roster/roster.module.ts': ['#modules/foo/events', '#kernel/persistence/database', './events.js'],
  'examples/roster/main.ts': ['#serve', './roster.module.js'],
  'examples/roster/events.ts': ['#kernel/events/define-event'],
  'examples/roster/roster.e2e-spec.ts': ['../../test/support/server.js'],
  'test/support/server.ts': ['#modules/foo/domain/thing'],
  // The resolver must prefer src to build output.
  'dist/modules/foo/domain/thing.js': [],
  'dist/modules/bar/events.js': [],
  'dist/kernel/events/define-event.js': [],
};

type Violation = readonly [rule: string, file: string, imported: string | undefined];

/** One violation of each kind: rule, importing file, import. */
const VIOLATIONS: readonly Violation[] = [
  ['knock-at-the-door', 'src/modules/foo/application/peek.ts', '#modules/bar/domain/secret'],
  ['knock-at-the-door', 'src/modules/foo/infrastructure/join.ts', '#modules/bar/infrastructure/schema'],
  ['knock-at-the-door', 'src/modules/foo/http/borrow.ts', '#modules/bar/http/bar.dto'],
  ['knock-at-the-door', 'src/modules/foo/flat-file.ts', '#modules/bar/flat-file'],
  ['knock-at-the-door', 'src/modules/foo/domain/peek.spec.ts', '#modules/bar/domain/secret'],
  ['knock-at-the-door', 'examples/roster/peek.ts', '#modules/bar/domain/secret'],
  ['a-door-is-a-leaf', 'src/modules/open/events.ts', './http/open.dto.js'],
  ['a-door-is-a-leaf', 'src/modules/wide/events.ts', '#modules/bar/events'],
  ['a-door-is-a-leaf', 'src/modules/wide/api.ts', 'typeorm'],
  ['a-door-is-a-leaf', 'src/modules/open/api.ts', './events.js'],
  ['the-kernel-knows-no-module', 'src/kernel/events/list.ts', '#modules/bar/events'],
  ['the-kernel-knows-no-module', 'src/kernel/events/catalogue.ts', '../../event-catalogue.js'],
  ['a-domain-is-pure', 'src/modules/foo/domain/calls-use-case.ts', '../application/make-thing.js'],
  ['a-domain-is-pure', 'src/modules/foo/domain/asks.ts', '#modules/bar/api'],
  ['a-domain-is-pure', 'src/modules/foo/domain/stores.ts', '#kernel/persistence/database'],
  ['the-kernel-domain-is-pure', 'src/kernel/domain/stores.ts', '../persistence/database.js'],
  ['a-domain-knows-no-framework', 'src/modules/foo/domain/is-a-row.ts', 'typeorm'],
  ['a-domain-knows-no-framework', 'src/modules/foo/domain/is-injected.ts', '@nestjs/common'],
  ['a-domain-knows-no-framework', 'src/modules/foo/domain/is-validated.ts', 'class-validator'],
  ['a-domain-knows-no-framework', 'src/modules/foo/domain/queries.ts', 'pg'],
  ['a-domain-knows-no-framework', 'src/modules/foo/domain/answers.ts', 'express'],
  ['a-domain-knows-no-framework', 'src/modules/foo/domain/reads-files.ts', 'node:fs/promises'],
  ['a-domain-knows-no-framework', 'src/kernel/domain/is-a-row.ts', 'typeorm'],
  ['a-model-is-loaded-when-asked', 'src/modules/foo/infrastructure/asks-a-model.ts', 'ai'],
  ['a-connector-is-loaded-when-asked', 'src/modules/foo/infrastructure/asks-github.ts', '@octokit/rest'],
  [
    'what-only-speaks-is-loaded',
    'src/modules/foo/infrastructure/reads-kubeconfig.ts',
    '@kubernetes/client-node',
  ],
  ['jobs-read-no-foreign-files', 'src/kernel/jobs/job-worker.ts', 'graphile-worker'],
  [
    'http-asks-the-application',
    'src/modules/foo/http/queries.controller.ts',
    '../infrastructure/typeorm-things.js',
  ],
  [
    'the-application-knows-no-delivery',
    'src/modules/foo/application/answer.ts',
    '../http/things.controller.js',
  ],
  [
    'the-application-knows-no-delivery',
    'src/modules/foo/application/query.ts',
    '../infrastructure/typeorm-things.js',
  ],
  ['only-the-root-composes', 'src/modules/foo/application/compose.ts', '#modules/bar/bar.module'],
  ['only-the-root-composes', 'src/helper.ts', '#modules/bar/bar.module'],
  ['the-root-stays-outside', 'src/cli/peek.ts', '#modules/bar/domain/secret'],
  ['the-evaluation-measures-a-domain', 'src/cli/eval/peek.ts', '#modules/bar/domain/secret'],
  ['nobody-imports-the-root', 'src/modules/foo/application/lists-events.ts', '../../../event-catalogue.js'],
  ['crossings-show', 'src/modules/foo/application/sneaks-to-bar.ts', '../../bar/events.js'],
  [
    'crossings-show',
    'src/modules/foo/application/sneaks-to-kernel.ts',
    '../../../kernel/domain/aggregate.js',
  ],
  ['no-crossing-shows-inside', 'src/modules/foo/application/boasts.ts', '#modules/foo/domain/thing'],
  ['no-crossing-shows-inside-the-kernel', 'src/kernel/persistence/boasts.ts', '#kernel/domain/aggregate'],
  ['src-stands-alone', 'src/modules/foo/application/leans-on-tests.ts', '../../../../test/support/server.js'],
  ['src-stands-alone', 'src/kernel/leans-on-examples.ts', '../../examples/roster/events.js'],
  ['src-stands-alone', 'src/kernel/leans-on-bench.ts', '../../bench/load.js'],
  ['src-stands-alone', 'src/kernel/leans-on-itself.ts', '../../dist/kernel/events/define-event.js'],
  ['nobody-imports-a-spec', 'src/modules/foo/domain/other.spec.ts', './thing.spec.js'],
  ['what-runs-is-installed', 'src/kernel/runs-a-dev-tool.ts', 'jest-only'],
  ['no-cycles', 'src/modules/foo/application/hen.ts', './egg.js'],
  ['no-orphans', 'src/modules/foo/application/left-over.ts', undefined],
  ['nothing-unresolvable', 'src/modules/foo/application/dangles.ts', './no-such-file.js'],
  ['nothing-unresolvable', 'src/modules/foo/application/dangles-far.ts', '#modules/bar/no-such-file'],
];

/** Files that the violations import. */
const FORBIDDEN_TARGETS: Tree = {
  'src/modules/bar/domain/secret.ts': [],
  'src/modules/bar/infrastructure/schema.ts': [],
  'src/modules/bar/http/bar.dto.ts': [],
  'src/modules/bar/flat-file.ts': [],
  'src/modules/open/http/open.dto.ts': [],
  'src/modules/foo/application/egg.ts': ['./hen.js'],
  'bench/load.ts': [],
};

const PACKAGES = [
  '@kubernetes/client-node', '@octokit/rest', 'ai', 'class-validator', 'express', 'graphile-worker', 'pg', 'simple-statistics',
  'typeorm',
]; // prettier-ignore
const NEST_PACKAGES = ['common', 'core', 'cqrs', 'swagger'].map((name) => `@nestjs/${name}`);

async function writeTree(tree: Tree): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'causeflow-walls-'));
  const write = async (path: string, text: string) => {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  };
  for (const [path, imports] of Object.entries(tree)) {
    const lines = imports.map((specifier, index) => `import * as i${index} from '${specifier}';`);
    const uses = imports.map((_, index) => `i${index}`).join(', ');
    await write(path, `${lines.join('\n')}\nexport const uses = [${uses}];\n`);
  }
  const runtime = [...PACKAGES, ...NEST_PACKAGES];
  for (const name of [...runtime, 'jest-only', '@jest/globals']) {
    await write(
      `node_modules/${name}/package.json`,
      JSON.stringify({ name, version: '1.0.0', main: 'dist/index.js' }),
    );
    await write(`node_modules/${name}/dist/index.js`, '');
  }
  const versions = (names: string[]) => Object.fromEntries(names.map((name) => [name, '1.0.0']));
  await write(
    'package.json',
    JSON.stringify({
      type: 'module',
      imports: {
        '#kernel/*': './dist/kernel/*.js',
        '#modules/*': './dist/modules/*.js',
        '#serve': './dist/serve.js',
      },
      dependencies: versions(runtime),
      devDependencies: versions(['jest-only', '@jest/globals']),
    }),
  );
  for (const config of ['tsconfig.json', 'tsconfig.check.json']) {
    await copyFile(join(root, config), join(folder, config));
  }
  return folder;
}

describe('the walls', () => {
  const trees: string[] = [];
  let repository: Cruise;
  let valid: Cruise;
  let violating: Cruise;

  beforeAll(async () => {
    const violations = VIOLATIONS.map(
      ([, file, imported]) => [file, imported === undefined ? [] : [imported]] as const,
    );
    trees.push(
      await writeTree(VALID),
      await writeTree({ ...VALID, ...FORBIDDEN_TARGETS, ...Object.fromEntries(violations) }),
    );
    const cruises = await Promise.all([root, ...trees].map(cruise));
    [repository, valid, violating] = cruises as [Cruise, Cruise, Cruise];
  });

  afterAll(async () => {
    await Promise.all(trees.map((tree) => rm(tree, { recursive: true, force: true })));
  });

  it('are respected in this repository', () => {
    expect(violationsOf(repository)).toEqual([]);
    expect(repository.modules.map(({ source }) => source)).toContain('src/kernel/events/define-event.ts');
  });

  it('allow what the house rules allow', () => {
    expect(violationsOf(valid)).toEqual([]);
  });

  it.each(VIOLATIONS)('%s detects %s', (rule, file) => {
    const detected = violating.summary.violations
      .filter(({ from, cycle = [] }) => from === file || cycle.some(({ name }) => name === file))
      .map((each) => each.rule.name);
    expect(detected).toContain(rule);
  });

  it('have a violation of each rule above', () => {
    const rules = repository.summary.ruleSetUsed.forbidden.map(({ name }) => name);
    expect([...new Set(VIOLATIONS.map(([rule]) => rule))].sort()).toEqual(rules.sort());
  });
});
