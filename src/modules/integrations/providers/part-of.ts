import { NoAnswer, type SourceAnswer } from './provider.js';

/**
 * What a source tells of one part of it. A part that may not be read is told, and the others go on; so is one that reads
 * otherwise than the API's client takes for granted.
 */
export async function partOf(part: string, answers: Promise<SourceAnswer[]>): Promise<SourceAnswer[]> {
  try {
    return await answers;
  } catch (error) {
    if (error instanceof NoAnswer) return [{ missing: `${part} could not be read: ${error.message}` }];
    if (error instanceof TypeError || error instanceof RangeError)
      return [{ missing: `${part} could not be read: the answer has not the shape that the API gives it.` }];
    throw error;
  }
}
