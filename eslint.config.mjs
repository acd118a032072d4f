import { defineConfig } from 'eslint/config';
import tseslint from 'typescript-eslint';

const TESTS = ['**/*.spec.ts', '**/*.e2e-spec.ts', 'test/**/*.ts'];
const PRODUCT = ['src/**/*.ts', 'examples/**/*.ts'];

const NO_ENVIRONMENT = {
  object: 'process',
  property: 'env',
  message: 'Configuration is read and validated in src/kernel/config.',
};
const NO_DATE_NOW = {
  object: 'Date',
  property: 'now',
  message: 'Ask the Clock (src/kernel/domain/clock.ts).',
};
const NO_NEW_DATE = ['NewExpression', 'CallExpression'].map((call) => ({
  selector: `${call}[callee.name='Date'][arguments.length=0]`,
  message: 'Ask the Clock (src/kernel/domain/clock.ts).',
}));
const NO_ENVIRONMENT_IMPORT = {
  selector: 'ImportDeclaration[source.value=/^(node:)?process$/]',
  message: 'Configuration is read and validated in src/kernel/config.',
};

/** A test that was singled out hides all others. */
const NO_ONLY = {
  selector: "MemberExpression[object.name=/^(describe|it|test)$/][property.name='only']",
  message: 'Run one test with `-t`; .only hides the others from everyone.',
};

export default defineConfig(
  { ignores: ['dist/', 'coverage/', 'node_modules/', '.causeflow/', '**/*.js', '**/*.mjs', '**/generated/'] },
  {
    files: ['{src,test,examples,bench}/**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked],
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    languageOptions: {
      parserOptions: { project: './tsconfig.check.json', tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      // A Nest module is a class whose decorator is all there is to it.
      '@typescript-eslint/no-extraneous-class': ['error', { allowWithDecorator: true }],
      // DTO, payload and schema classes are shapes that carry decorators; plain objects of that shape are what flows.
      '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      // `(event) => this.announce(event)` says what it does; braces around it say no more.
      '@typescript-eslint/no-confusing-void-expression': [
        'error',
        { ignoreArrowShorthand: true, ignoreVoidReturningFunctions: true },
      ],
      '@typescript-eslint/no-unnecessary-condition': [
        'error',
        { allowConstantLoopConditions: 'only-allowed-literals' },
      ],
      '@typescript-eslint/no-unused-vars': ['error', { ignoreRestSiblings: true }],
      eqeqeq: 'error',
      'no-console': 'error',
    },
  },
  {
    files: PRODUCT,
    rules: {
      'no-restricted-properties': ['error', NO_ENVIRONMENT, NO_DATE_NOW],
      'no-restricted-syntax': ['error', NO_ENVIRONMENT_IMPORT, ...NO_NEW_DATE],
      'no-restricted-exports': [
        'error',
        {
          restrictDefaultExports: {
            direct: true,
            named: true,
            defaultFrom: true,
            namedFrom: true,
            namespaceFrom: true,
          },
        },
      ],
    },
  },
  {
    files: ['src/kernel/config/**/*.ts', 'src/serve.ts', 'examples/*/settings.ts'],
    rules: {
      'no-restricted-properties': ['error', NO_DATE_NOW],
      'no-restricted-syntax': ['error', ...NO_NEW_DATE],
    },
  },
  {
    files: ['src/kernel/domain/clock.ts'],
    rules: {
      'no-restricted-properties': ['error', NO_ENVIRONMENT],
      'no-restricted-syntax': ['error', NO_ENVIRONMENT_IMPORT],
    },
  },
  { files: ['src/cli/**/*.ts', 'bench/**/*.ts', ...TESTS], rules: { 'no-console': 'off' } },
  {
    files: TESTS,
    rules: {
      // A test may look at the clock on the wall. Only what starts servers reads the environment.
      'no-restricted-properties': ['error', NO_ENVIRONMENT],
      'no-restricted-syntax': ['error', NO_ENVIRONMENT_IMPORT, NO_ONLY],
      // `expect.any(String)` and `expect.objectContaining(…)` are `any` by declaration.
      '@typescript-eslint/no-unsafe-assignment': 'off',
    },
  },
  {
    files: ['test/support/**/*.ts'],
    rules: {
      'no-restricted-properties': 'off',
      'no-restricted-syntax': 'off',
      'no-restricted-exports': 'off',
    },
  },
);
