import { expect, it } from '@jest/globals';
import { addPiece } from './request-body.js';

it('a body that arrives byte by byte is held in few pieces, and stays the same', () => {
  const body = Buffer.from(Array.from({ length: 100_000 }, (_, n) => n % 251));
  const pieces: Buffer[] = [];
  let most = 0;
  for (let at = 0; at < body.length; at += 1) {
    addPiece(pieces, body.subarray(at, at + 1));
    most = Math.max(most, pieces.length);
  }
  expect(Buffer.concat(pieces).equals(body)).toBe(true);
  expect(most).toBeLessThanOrEqual(1_000);
});
