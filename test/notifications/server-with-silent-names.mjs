// A server for which the name servers of `.test` are silent. Names are looked up two at a time, first come, first served, as by
// getaddrinfo in a process with libuv's four threads.
import dns from 'node:dns/promises';
import { syncBuiltinESMExports } from 'node:module';

const { lookup } = dns;
let free = 2;
const waiting = [];
dns.lookup = async (host, options) => {
  if (free > 0) free -= 1;
  else await new Promise((resolve) => waiting.push(resolve));
  if (host.endsWith('.test')) {
    process.stdout.write(`looks up ${host}\n`);
    await new Promise(() => {});
  }
  try {
    return await lookup(host, options);
  } finally {
    const next = waiting.shift();
    if (next) next();
    else free += 1;
  }
};
syncBuiltinESMExports();

const { serve } = await import('#serve');
await serve();
