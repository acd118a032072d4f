import { expect, it } from '@jest/globals';
import { isEmail } from './email.js';

it.each([
  'ada@example.com',
  "o'brien@example.com",
  'ada+causeflow@example.com',
  'ådå@exämple.com',
  'root@localhost',
])('%s is an e-mail address', (address) => {
  expect(isEmail(address)).toBe(true);
});

it.each([
  'ada',
  '@example.com',
  'ada@',
  'a da@example.com',
  'a@b@c',
  'Ada <ada@example.com>',
  '"ada"@example.com',
  "ada@'x'",
])('%s is no e-mail address', (address) => {
  expect(isEmail(address)).toBe(false);
});
