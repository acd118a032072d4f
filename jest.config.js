import { existsSync } from 'node:fs';
import Module from 'node:module';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

/** What both projects share: TypeScript through swc, as ES modules, with the `#` walls of package.json on src. */
const shared = {
  rootDir: here('.'),
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: {
          target: 'es2022',
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true },
          keepClassNames: true,
        },
        sourceMaps: 'inline',
      },
    ],
  },
  moduleNameMapper: {
    '^#(kernel|modules)/(.*)$': '<rootDir>/src/$1/$2.ts',
    // A relative `.js` is a `.ts` on disk; packages keep their `.js`, hence the second try.
    '^(\\.{1,2}/.*)\\.js$': ['$1.ts', '$1.js'],
  },
  modulePathIgnorePatterns: ['<rootDir>/dist/', '<rootDir>/\\.causeflow/'],
};

// Jest loads the global hooks outside of its module system, by `require`, which knows neither its moduleNameMapper nor
// TypeScript's habit of importing `./x.ts` as `./x.js`.
const resolveFilename = Module._resolveFilename;
Module._resolveFilename = (request, ...rest) => {
  try {
    return resolveFilename(request, ...rest);
  } catch (error) {
    if (!/^\.{1,2}\/.*\.js$/.test(request)) throw error;
    return resolveFilename(request.replace(/\.js$/, '.ts'), ...rest);
  }
};

/** The e2e project starts its database once, before the first worker. Its hooks see `#kernel/…` as built, in dist. */
const globalHooks = Object.fromEntries(
  [
    ['globalSetup', './test/support/global-setup.ts'],
    ['globalTeardown', './test/support/global-teardown.ts'],
  ].filter(([, path]) => existsSync(here(path))),
);

export default {
  // One for each core, since most tests wait for servers half of the time. Connections of PostgreSQL suffice for eight.
  maxWorkers: Math.min(8, Math.max(2, availableParallelism())),
  // Jest reads a timeout here only, not from a project. An end-to-end test starts servers in it, on a crowded machine too, and may
  // wait for several conditions (test/support/until.ts).
  testTimeout: 300_000,
  projects: [
    {
      ...shared,
      displayName: 'unit',
      testMatch: [
        '<rootDir>/src/**/*.spec.ts',
        '<rootDir>/examples/**/*.spec.ts',
        '<rootDir>/test/*.spec.ts',
      ],
    },
    {
      ...shared,
      ...globalHooks,
      displayName: 'e2e',
      testMatch: ['<rootDir>/test/**/*.e2e-spec.ts', '<rootDir>/examples/**/*.e2e-spec.ts'],
    },
  ],
};
