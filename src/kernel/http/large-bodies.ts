import { Inject, Injectable } from '@nestjs/common';
import type { Request } from 'express';
import { Config } from '../config/config.js';
import { Refusal } from '../domain/errors.js';
import { clientNetwork } from '../net/client-network.js';

/** Smaller bodies mostly arrive in one piece, and are not counted. */
const SMALL_BYTES = 64 * 1024;
/** Of one address, in bodies of the maximum size. */
const MAX_BODIES = 64;

interface HeldBody {
  readonly address: string;
  readonly bytes: number;
}

/**
 * Limits how much memory the unfinished bodies of one client address take. They are held before anybody is authenticated, so a stranger
 * could otherwise fill the memory with requests that go on for as long as a request may take.
 */
@Injectable()
export class LargeBodies {
  private readonly maxBytes: number;
  private readonly bytesOf = new Map<string, number>();
  private readonly bodies = new WeakMap<Request, HeldBody>();

  constructor(@Inject(Config) { maxBodyBytes }: Config) {
    this.maxBytes = MAX_BODIES * maxBodyBytes;
  }

  /** @returns false when the body, of this size by now, is too much for its address */
  mayGrow(request: Request, size: number): boolean {
    if (size <= SMALL_BYTES) return true;
    // Remembered, since a connection that is closed has no address any more.
    const { address, bytes } = this.bodies.get(request) ?? { address: clientNetwork(request.ip), bytes: 0 };
    const total = (this.bytesOf.get(address) ?? 0) + size - bytes;
    if (total > this.maxBytes) return false;
    this.bytesOf.set(address, total);
    this.bodies.set(request, { address, bytes: size });
    return true;
  }

  /** To be called once the body is complete, refused or broken off. */
  ended(request: Request): void {
    const body = this.bodies.get(request);
    if (!body) return;
    this.bodies.delete(request);
    const left = (this.bytesOf.get(body.address) ?? 0) - body.bytes;
    if (left > 0) this.bytesOf.set(body.address, left);
    else this.bytesOf.delete(body.address);
  }
}

export function tooManyLargeBodies(): Refusal {
  return new Refusal('service_unavailable', 'Too many large bodies at once; send it again.', {
    retryAfter: 1,
  });
}
