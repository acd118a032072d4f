import ipaddr from 'ipaddr.js';

type Address = ipaddr.IPv4 | ipaddr.IPv6;
type Range = [Address, number];

/** The only part of IPv6 that is allocated for the public internet. */
const GLOBAL_UNICAST = ipaddr.parseCIDR('2000::/3') as [ipaddr.IPv6, number];
/** The metadata service of Azure, on an address that looks public. */
const PUBLIC_LOOKING_METADATA = '168.63.129.16';

/**
 * Decides which addresses a tenant may make this server call: the public internet, and the ranges that the operator allows.
 * An address that is not known to be public is refused, so future special ranges are refused too.
 */
export class AddressGuard {
  private readonly allowed: readonly Range[];

  /** @param allowed addresses or CIDR ranges */
  constructor(allowed: readonly string[]) {
    this.allowed = allowed.map((range) =>
      ipaddr.parseCIDR(range.includes('/') ? range : withFullPrefix(range)),
    );
  }

  /** @returns the kind of address when it may not be called */
  refusal(address: string): string | undefined {
    if (!ipaddr.isValid(address)) return 'malformed';
    const parsed = ipaddr.process(address);
    if (this.allowed.some((range) => contains(range, parsed))) return undefined;
    if (parsed.toString() === PUBLIC_LOOKING_METADATA) return 'metadata';
    const range = parsed.range();
    // NAT64: the packet goes to the IPv4 address in the last four bytes.
    if (parsed instanceof ipaddr.IPv6 && range === 'rfc6052' && isWellKnownNat64(parsed)) {
      return this.refusal(parsed.toByteArray().slice(-4).join('.'));
    }
    const isPublic = range === 'unicast' && (parsed instanceof ipaddr.IPv4 || parsed.match(GLOBAL_UNICAST));
    return isPublic ? undefined : range;
  }
}

function withFullPrefix(address: string): string {
  return `${address}/${ipaddr.parse(address).kind() === 'ipv4' ? 32 : 128}`;
}

/** An allowed IPv4 range also covers IPv4-mapped IPv6 addresses, which `process` has unwrapped. */
function contains([network, prefix]: Range, address: Address): boolean {
  if (network instanceof ipaddr.IPv4) return address instanceof ipaddr.IPv4 && address.match(network, prefix);
  return address instanceof ipaddr.IPv6 && address.match(network, prefix);
}

function isWellKnownNat64(address: ipaddr.IPv6): boolean {
  return address.match(ipaddr.IPv6.parse('64:ff9b::'), 96);
}
