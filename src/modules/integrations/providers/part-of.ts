import { ProviderError, type SourceAnswer } from './provider.js';

/**
 * One part of a source. If it may not be read, or its response has another shape than the client library assumes, it is reported
 * as missing and the others continue.
 */
export async function partOf(part: string, answers: Promise<SourceAnswer[]>): Promise<SourceAnswer[]> {
  try {
    return await answers;
  } catch (error) {
    if (error instanceof ProviderError) return [{ missing: `${part} could not be read: ${error.message}` }];
    if (error instanceof TypeError || error instanceof RangeError)
      return [{ missing: `${part} could not be read: the answer has not the shape that the API gives it.` }];
    throw error;
  }
}
