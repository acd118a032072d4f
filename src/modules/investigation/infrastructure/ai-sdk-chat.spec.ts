import { describe, expect, it } from '@jest/globals';
import { MockLanguageModelV3 } from 'ai/test';
import type { ChatRequest } from '../domain/review/model-chat.js';
import { generate } from './ai-sdk-chat.js';

const usage = {
  inputTokens: { total: 120, noCache: 120, cacheRead: 0, cacheWrite: 0 },
  outputTokens: { total: 30, text: 30, reasoning: 0 },
};
const request: ChatRequest = {
  model: 'pretend',
  system: 'rules',
  messages: [
    { role: 'user', text: 'look' },
    { role: 'assistant', text: 'Hm.', calls: [{ id: 'c1', name: 'list_evidence', input: {} }] },
    { role: 'tool', results: [{ call: { id: 'c1', name: 'list_evidence', input: {} }, text: 'evd_1' }] },
  ],
  tools: [{ name: 'list_evidence', description: 'Lists', input: { type: 'object', properties: {} } }],
  maxOutputTokens: 500,
};

function answering(content: readonly object[], finish = 'tool-calls'): MockLanguageModelV3 {
  return new MockLanguageModelV3({
    doGenerate: { content, finishReason: { unified: finish, raw: finish }, usage, warnings: [] } as never,
  });
}

const never = new AbortController().signal;

describe('A turn with a model', () => {
  it('sends system prompt, messages, tools and output limit, and returns tool calls and usage', async () => {
    const model = answering([
      { type: 'text', text: 'Let me see.' },
      { type: 'tool-call', toolCallId: 'c2', toolName: 'list_evidence', input: '{}' },
    ]);
    expect(await generate(model, request, never, 5)).toEqual({
      text: 'Let me see.',
      calls: [{ id: 'c2', name: 'list_evidence', input: {} }],
      usage: { inputTokens: 120, outputTokens: 30 },
    });
    const [call] = model.doGenerateCalls;
    expect(call?.maxOutputTokens).toBe(500);
    expect(call?.prompt.map(({ role }) => role)).toEqual(['system', 'user', 'assistant', 'tool']);
    expect(call?.tools?.map(({ name }) => name)).toEqual(['list_evidence']);
  });

  it('executes no tool itself, and passes on a call of a tool that was not offered', async () => {
    const model = answering([
      {
        type: 'tool-call',
        toolCallId: 'c2',
        toolName: 'rollback_deployment',
        input: '{"service":"checkout"}',
      },
    ]);
    const { calls } = await generate(model, request, never, 5);
    expect(calls).toEqual([{ id: 'c2', name: 'rollback_deployment', input: { service: 'checkout' } }]);
    expect(model.doGenerateCalls).toHaveLength(1);
  });

  it('passes on arguments that are not valid JSON unchanged', async () => {
    const model = answering([
      { type: 'tool-call', toolCallId: 'c2', toolName: 'list_evidence', input: '{"a":' },
    ]);
    expect((await generate(model, request, never, 5)).calls).toEqual([
      { id: 'c2', name: 'list_evidence', input: '{"a":' },
    ]);
  });

  it('throws ModelFailedError with a reason when there is no answer', async () => {
    const broken = new MockLanguageModelV3({
      doGenerate: () => Promise.reject(new Error('kaputt')),
    });
    await expect(generate(broken, request, never, 5)).rejects.toMatchObject({
      name: 'ModelFailedError',
      reason: 'answered what cannot be read',
    });
  });

  it('times out, and ends at once when it is cancelled', async () => {
    const slow = new MockLanguageModelV3({
      doGenerate: ({ abortSignal }) =>
        new Promise((_, reject) => {
          const give = () => {
            reject(abortSignal?.reason as Error);
          };
          if (abortSignal?.aborted) give();
          abortSignal?.addEventListener('abort', give);
        }),
    });
    await expect(generate(slow, request, never, 0.05)).rejects.toMatchObject({
      reason: 'did not answer within 0.05 s',
    });
    const stop = new AbortController();
    const turn = generate(slow, request, stop.signal, 60);
    stop.abort(new Error('the process stops'));
    await expect(turn).rejects.toThrow('the process stops');
  });
});
