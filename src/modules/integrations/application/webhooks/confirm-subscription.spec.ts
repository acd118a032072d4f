import { describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import type { TenantId } from '#kernel/domain/ids';
import type { Jobs } from '#kernel/jobs/jobs';
import { GuardedFetch } from '#kernel/net/guarded-fetch';
import { ConfirmSubscription } from './confirm-subscription.js';

const url = 'https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&Token=t';
const clock = { now: () => new Date() };
const jobOf = (attempt: number) => ({
  tenantId: 'ten_1' as TenantId,
  payload: { url },
  attempt,
  signal: new AbortController().signal,
});

function confirmationBy(http: GuardedFetch): ConfirmSubscription {
  return new ConfirmSubscription({} as Jobs, { http, clock });
}

function answering(status: number): GuardedFetch & { called: string[] } {
  const called: string[] = [];
  return Object.assign(new GuardedFetch([]), {
    called,
    request: (call: { url: string }) => {
      called.push(call.url);
      return Promise.resolve({ status, headers: {}, body: Buffer.alloc(0) });
    },
  });
}

describe('the confirmation of a subscription', () => {
  it('calls the URL once', async () => {
    const http = answering(200);
    await confirmationBy(http).run(jobOf(1));
    expect(http.called).toEqual([url]);
  });

  it('is retried, and finally logged with the URL to confirm by hand', async () => {
    const warned = jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
    const failed = `A subscription is not confirmed: sns.eu-west-1.amazonaws.com answered 403. To confirm it by hand, open ${url}`;
    const confirmation = confirmationBy(answering(403));
    await expect(confirmation.run(jobOf(9))).rejects.toThrow(failed);
    expect(warned).not.toHaveBeenCalled();
    await confirmation.run(jobOf(10));
    expect(warned.mock.calls).toEqual([[failed]]);
    warned.mockRestore();
  });

  it('is refused when the host resolves to a private address', async () => {
    const inside = new GuardedFetch([], (_, done) => {
      done(null, [{ address: '10.0.0.1', family: 4 }]);
    });
    await expect(confirmationBy(inside).run(jobOf(1))).rejects.toThrow('leads to a private address');
  });
});
