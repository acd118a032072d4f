import { Injectable } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';

interface Layer {
  match(path: string): boolean;
  readonly route?: { readonly methods: Readonly<Record<string, boolean>> };
}

/** Tells an unknown path from a path that is called with the wrong method. */
@Injectable()
export class KnownMethods {
  constructor(private readonly host: HttpAdapterHost) {}

  /** The methods of the path; empty when there is no such path. */
  of(path: string): string[] {
    const express = this.host.httpAdapter.getInstance<{ router: { stack: readonly Layer[] } }>();
    const methods = express.router.stack
      .filter((layer) => layer.route && layer.match(path))
      .flatMap(({ route }) => Object.keys(route?.methods ?? {}));
    return [...new Set(methods)]
      .filter((method) => method !== '_all')
      .map((method) => method.toUpperCase())
      .sort();
  }
}
