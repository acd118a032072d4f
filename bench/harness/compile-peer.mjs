import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { transformFileSync } from '@swc/core';

const compiled = fileURLToPath(new URL('../../node_modules/.cache/causeflow/bench/', import.meta.url));

/** Compiles a peer that is in TypeScript because of its decorators. @returns the path of the JavaScript */
export function compilePeer(name) {
  const { code } = transformFileSync(fileURLToPath(new URL(`../peers/${name}.ts`, import.meta.url)), {
    module: { type: 'es6' },
    jsc: {
      target: 'es2022',
      parser: { syntax: 'typescript', decorators: true },
      transform: { legacyDecorator: true, decoratorMetadata: true },
    },
  });
  mkdirSync(compiled, { recursive: true });
  writeFileSync(`${compiled}${name}.mjs`, code);
  return `${compiled}${name}.mjs`;
}
