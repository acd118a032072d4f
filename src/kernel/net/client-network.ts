import ipaddr from 'ipaddr.js';

/** The first four groups of an IPv6 address are assigned to a subscriber; the rest they choose themselves. */
const NETWORK_PARTS = 4;

/**
 * The key for rate limits by client address: the IPv4 address (also when IPv4-mapped), or the /64 of an IPv6 address. A text that is not
 * an address is returned as it is.
 */
export function clientNetwork(ip = ''): string {
  if (!ipaddr.isValid(ip)) return ip;
  const address = ipaddr.process(ip);
  if (address instanceof ipaddr.IPv4) return address.toString();
  const network = address.parts.slice(0, NETWORK_PARTS).map((part) => part.toString(16));
  return `${network.join(':')}::/64`;
}
