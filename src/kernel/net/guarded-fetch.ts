import type { LookupAddress } from 'node:dns';
import { lookup } from 'node:dns/promises';
import { isIP, type LookupFunction } from 'node:net';
import { AddressGuard } from './address-guard.js';
import { exchange, type OutboundAnswer, type OutboundCall } from './exchange.js';
import { FairLookup, type Resolve } from './fair-lookup.js';
import { OutboundFailedError, OutboundRefusedError, reasonOf } from './outbound-errors.js';

/**
 * The only way to call an address that a tenant chose. It connects only to addresses that it has checked. A name is resolved once for
 * both check and connection, which prevents DNS rebinding. Connections are not reused, so none was opened under other rules. Redirects
 * are not followed.
 */
export class GuardedFetch {
  private readonly guard: AddressGuard;

  constructor(
    allowedCidrs: readonly string[],
    private readonly resolve: Resolve = new FairLookup((host) => lookup(host, { all: true })).resolve,
  ) {
    this.guard = new AddressGuard(allowedCidrs);
  }

  /** @throws OutboundRefusedError, OutboundFailedError, and nothing else */
  async request(call: OutboundCall): Promise<OutboundAnswer> {
    const url = this.check(call.url);
    return exchange(url, call, this.checkedLookup);
  }

  /**
   * For protocols other than HTTP: a checked address of the host. Connect to it, not to the name.
   *
   * @throws OutboundRefusedError, OutboundFailedError
   */
  async addressOf(host: string): Promise<string> {
    if (isIP(host) !== 0) {
      this.refuse(host, [{ address: host, family: isIP(host) }]);
      return host;
    }
    return new Promise((resolve, reject) => {
      this.checkedLookup(host, {}, (error, address) => {
        if (error === null) resolve(address as string);
        else
          reject(
            error instanceof OutboundRefusedError ? error : new OutboundFailedError(reasonOf(error), 'none'),
          );
      });
    });
  }

  private check(address: string): URL {
    if (!URL.canParse(address)) throw new OutboundRefusedError('The address is not a URL.');
    const url = new URL(address);
    if (url.protocol !== 'https:' && url.protocol !== 'http:') {
      throw new OutboundRefusedError('Only https and http addresses can be called.');
    }
    if (url.username !== '' || url.password !== '') {
      throw new OutboundRefusedError('The address must not hold a user name or password.');
    }
    // Node does not call `lookup` for an IP address, so it is checked here.
    const host = url.hostname.replace(/^\[|\]$/g, '');
    if (isIP(host) !== 0) this.refuse(url.hostname, [{ address: host, family: isIP(host) }]);
    return url;
  }

  private readonly checkedLookup: LookupFunction = (host, options, done) => {
    this.resolve(host, (error, addresses) => {
      const fail = (reason: Error) => {
        done(reason, '', 0);
      };
      if (error) return fail(error);
      const [first] = addresses;
      if (!first) return fail(Object.assign(new Error('no address'), { code: 'ENOTFOUND' }));
      try {
        this.refuse(host, addresses);
      } catch (refused) {
        return fail(refused as OutboundRefusedError);
      }
      if (options.all) done(null, addresses);
      else done(null, first.address, first.family);
    });
  };

  /** One forbidden address is enough, because any of them may get the connection. */
  private refuse(host: string, addresses: readonly LookupAddress[]): void {
    for (const { address } of addresses) {
      const kind = this.guard.refusal(address);
      if (kind === undefined) continue;
      // Without the address itself, which would reveal the internal network to a tenant.
      throw new OutboundRefusedError(
        `${host} leads to a ${kind} address, which OUTBOUND_ALLOW_CIDRS does not allow.`,
      );
    }
  }
}
