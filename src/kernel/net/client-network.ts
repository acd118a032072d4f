import ipaddr from 'ipaddr.js';

/** Of an IPv6 address, the part that names a subscriber; the rest is his to choose from. */
const NETWORK_PARTS = 4;

/**
 * Whom to count by a client's address: an IPv4 address, in whichever way it is written, or the /64 of an IPv6 one. What is
 * no address stands for itself.
 */
export function clientNetwork(ip = ''): string {
  if (!ipaddr.isValid(ip)) return ip;
  const address = ipaddr.process(ip);
  if (address instanceof ipaddr.IPv4) return address.toString();
  const network = address.parts.slice(0, NETWORK_PARTS).map((part) => part.toString(16));
  return `${network.join(':')}::/64`;
}
