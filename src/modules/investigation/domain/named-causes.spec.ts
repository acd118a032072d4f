import { describe, expect, it } from '@jest/globals';
import { namedCauseIn } from './named-causes.js';

describe('A message names its cause', () => {
  it.each([
    ['java.lang.OutOfMemoryError: Java heap space', 'memory'],
    ['write /data/x: no space left on device', 'disk'],
    ['FATAL: remaining connection slots are reserved', 'connections'],
    ['ERROR: deadlock detected', 'locks'],
    ['request rejected: server overloaded', 'load'],
    ['dial tcp: lookup db.local: no such host', 'dns'],
    ['x509: certificate has expired or is not yet valid', 'certificate'],
    ['payment provider returned 503', 'provider'],
    ['429 Too Many Requests', 'limit'],
    ['dial tcp 10.0.0.3:5432: connect: connection refused', 'unreachable'],
  ])('%p: %s', (message, name) => {
    expect(namedCauseIn(message)?.name).toBe(name);
  });

  it.each(['null pointer', 'status 500', ''])('or not: %p', (message) => {
    expect(namedCauseIn(message)).toBeUndefined();
  });
});
