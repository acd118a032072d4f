import { describe, expect, it } from '@jest/globals';
import { constantChange } from './diff-constants.js';

const strength = (before: string, after: string, isConfiguration = false) =>
  constantChange([before], [after], isConfiguration)?.strength ?? 0;

describe('A constant with another value', () => {
  it('is stronger the further it moved', () => {
    expect(strength('limit = 100', 'limit = 110')).toBeLessThan(0.1);
    expect(strength('limit = 100', 'limit = 50')).toBeCloseTo(0.5);
    expect(strength('limit = 100', 'limit = 5')).toBe(1);
    expect(strength('limit = 100', 'limit = 0')).toBe(1);
  });

  it('is half as strong when it moved in its safe direction', () => {
    expect(strength('timeout: 2s', 'timeout: 4s')).toBeCloseTo(0.25);
    expect(strength('timeout: 4s', 'timeout: 2s')).toBeCloseTo(0.5);
    expect(strength('retries: 2', 'retries: 4')).toBeCloseTo(0.5);
    expect(strength('retries: 4', 'retries: 2')).toBeCloseTo(0.25);
  });

  it.each([
    ['ttl := 5 * time.Minute', 'ttl := 5 * time.Second'],
    ['v2_enabled = false', 'v2_enabled = true'],
    ['MinVersion: tls.VersionTLS12,', 'MinVersion: tls.VersionTLS13,'],
    ['text.replace(/a+b/g, x)', 'text.replace(/(a+)+b/g, x)'],
  ])('may be another unit, switch, name or pattern: %s', (before, after) => {
    expect(strength(before, after)).toBe(1);
  });

  it('knows units, prose and settings', () => {
    expect(strength('memory: 1Gi', 'memory: 1024Mi')).toBe(0);
    expect(strength('title: "Your cart"', 'title: "Your own cart"', true)).toBeLessThan(0.3);
    expect(strength('host = "a.internal"', 'host = "b.internal"')).toBeCloseTo(0.4);
    expect(strength('host: "a.internal"', 'host: "b.internal"', true)).toBe(1);
    expect(strength('schedule: "0 6 * * *"', 'schedule: "* 6 * * *"', true)).toBe(1);
    expect(strength('greeting=Welcome', 'greeting=Welcome back', true)).toBeLessThan(0.3);
    expect(strength('Magic = 0x1', 'Magic = 0x2')).toBeCloseTo(0.5);
    expect(strength('key: svc_password', 'key: password')).toBe(0);
    expect(strength('key: svc_password', 'key: password', true)).toBe(1);
  });

  it('is strong for more logging, which may fill a disk, and weak for less', () => {
    expect(strength('level: info', 'level: debug', true)).toBe(1);
    expect(strength('level: info', 'level: warn', true)).toBeLessThan(0.3);
  });

  it('is neither a version bump nor another line', () => {
    expect(strength('version = 1.2.3', 'version = 1.3.0')).toBe(0);
    expect(strength('a = load(1)', 'b = fetch(2)')).toBe(0);
  });
});
