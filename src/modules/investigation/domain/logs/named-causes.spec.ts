import { describe, expect, it } from '@jest/globals';
import { namedCauseIn } from './named-causes.js';

describe('A message that states its cause', () => {
  it.each([
    ['java.lang.OutOfMemoryError: Java heap space', 'memory'],
    ['write /data/x: no space left on device', 'disk'],
    ['FATAL: remaining connection slots are reserved', 'connections'],
    ['ERROR: deadlock detected', 'locks'],
    ['request rejected: server overloaded', 'load'],
    ['dial tcp: lookup db.local: no such host', 'dns'],
    ['x509: certificate has expired or is not yet valid', 'certificate'],
    ['payment provider returned 503', 'provider'],
    ['lookup db on 10.0.0.10:53: read udp: i/o timeout', 'dns'],
    ['PKIX path validation failed: NotAfter: Sat Nov 21', 'certificate'],
    ['the refresh token expired', 'credential'],
    ['chronyd: System clock wrong by 12 seconds', 'clock'],
    ['An error occurred (SlowDown) when calling the PutObject operation', 'provider'],
    ['connection expired connecting to smtp.mail-host.net:587', 'provider'],
    ["row 12: 'x' is not a number supplier=north", 'bad data'],
    ['all replicas in zone eu-central-1b unreachable', 'region'],
    ['Pod a was evicted: the node was low on resource: memory', 'node'],
    ['blk_update_request: I/O error, dev nvme1n1', 'hardware'],
    ['dial tcp 10.0.0.1:2380: connect: no route to host', 'network'],
    ['FATAL: terminating connection due to administrator command', 'primary'],
    ['429 Too Many Requests', 'limit'],
    ['dial tcp 10.0.0.3:5432: connect: connection refused', 'unreachable'],
  ])('%p is %s', (message, name) => {
    expect(namedCauseIn(message)?.name).toBe(name);
  });

  it.each([
    'null pointer',
    'status 500',
    '',
    'jwt validation failed: token is expired',
    'java.io.IOException in io.acme.Writer: refused to flush',
    'write failed: read-only file system',
  ])('is not %p', (message) => {
    expect(namedCauseIn(message)).toBeUndefined();
  });
});
