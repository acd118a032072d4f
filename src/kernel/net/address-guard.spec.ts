import { describe, expect, it } from '@jest/globals';
import { AddressGuard } from './address-guard.js';

describe('the address guard', () => {
  const guard = new AddressGuard([]);

  it.each(['8.8.8.8', '1.1.1.1', '2606:4700:4700::1111', '::ffff:8.8.8.8', '64:ff9b::808:808'])(
    'lets %s through',
    (address) => {
      expect(guard.refusal(address)).toBeUndefined();
    },
  );

  it.each([
    ['0.0.0.0', 'unspecified'],
    ['0.1.2.3', 'unspecified'],
    ['10.1.2.3', 'private'],
    ['172.31.255.255', 'private'],
    ['192.168.0.1', 'private'],
    ['127.0.0.53', 'loopback'],
    ['169.254.169.254', 'linkLocal'],
    ['100.64.0.1', 'carrierGradeNat'],
    ['100.100.100.200', 'carrierGradeNat'],
    ['192.0.0.192', 'reserved'],
    ['198.18.0.1', 'reserved'],
    ['224.0.0.1', 'multicast'],
    ['240.0.0.1', 'reserved'],
    ['255.255.255.255', 'broadcast'],
    ['168.63.129.16', 'metadata'],
    ['::', 'unspecified'],
    ['::1', 'loopback'],
    ['fd00:ec2::254', 'uniqueLocal'],
    ['fe80::1%eth0', 'linkLocal'],
    ['ff02::1', 'multicast'],
    ['::ffff:127.0.0.1', 'loopback'],
    ['::ffff:a9fe:a9fe', 'linkLocal'],
    ['64:ff9b::a9fe:a9fe', 'linkLocal'],
    ['64:ff9b::127.0.0.1', 'loopback'],
    ['2002:7f00:1::', '6to4'],
    ['2001:0:1::', 'teredo'],
    ['2001:db8::1', 'reserved'],
    ['4000::1', 'unicast'],
    ['not an address', 'malformed'],
  ])('refuses %s as %s', (address, kind) => {
    expect(guard.refusal(address)).toBe(kind);
  });

  it.each(['::10.0.0.1', '::7f00:1', 'fec0::1', '64:ff9b:1::a00:1', '::ffff:0:10.0.0.1'])(
    'refuses %s',
    (address) => {
      expect(guard.refusal(address)).toBeDefined();
    },
  );

  it('lets through what the operator listed, however it is written, and nothing beside it', () => {
    const listed = new AddressGuard(['10.20.0.0/16', '169.254.169.254', 'fd00::/8', '::1']);
    for (const address of [
      '10.20.255.1',
      '::ffff:10.20.0.1',
      '64:ff9b::a14:1',
      '169.254.169.254',
      'fd12::1',
      '::1',
    ]) {
      expect(listed.refusal(address)).toBeUndefined();
    }
    for (const address of ['10.21.0.1', '169.254.169.253', '127.0.0.1', 'fe80::1', '::2']) {
      expect(listed.refusal(address)).toBeDefined();
    }
  });
});
