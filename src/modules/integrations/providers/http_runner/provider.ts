import { randomUUID } from 'node:crypto';
import type { OutboundAnswer } from '#kernel/net/exchange';
import { OutboundFailedError, OutboundRefusedError } from '#kernel/net/outbound-errors';
import { isBusy, isSuccess, postWebhook, retryAfterSeconds, unexpected } from '#kernel/net/post-webhook';
import type { StepAnswer, StepOrder } from '../../api.js';
import { type Connection, type Outside, ProviderError, type Provider } from '../provider.js';
import { DEFAULT_TIMEOUT_SECONDS, HttpRunnerConfig, HttpRunnerCredentials } from './config.js';
import { bodyOf, storable } from './answer.js';

type Runner = Connection<HttpRunnerConfig, HttpRunnerCredentials>;

/** Start of error messages. */
const RUNNER = 'The runner';
/** Short, since a person waits for the probe. */
const PROBE_TIMEOUT_SECONDS = 10;

export const httpRunner: Provider<HttpRunnerConfig, HttpRunnerCredentials> = {
  provider: 'http_runner',
  displayName: 'HTTP runner',
  category: 'automation',
  capabilities: ['run_steps'],
  authType: 'shared_secret',
  config: HttpRunnerConfig,
  credentials: HttpRunnerCredentials,
  setupGuide: [
    'Run a small HTTP service next to your tools. It receives steps by POST and verifies their signature with any',
    'Standard Webhooks library (`webhook-id`, `webhook-timestamp`, `webhook-signature`).',
    '',
    '1. Create a secret: `echo "whsec_$(openssl rand -base64 32)"`. Configure it in the service and here.',
    '2. Answer the probe `{"action":"probe","dryRun":true}` with any 2xx.',
    '3. Answer each step `{remediationId,incidentId,stepId,action,params,dryRun,attempt}` with a 2xx and',
    '   `{"status":"succeeded"}` or `{"status":"failed"}`, and an optional `output`.',
    '4. Store the `webhook-id`: a step that is sent again has the same id and must not be executed again.',
    '   If you cannot execute a step now, answer 429 or 503 with `Retry-After`.',
  ].join('\n'),

  async probe(runner, outside) {
    const answer = await sendProbe(runner, outside);
    const body = bodyOf(answer);
    if (!isSuccess(answer.status)) throw new ProviderError(unexpected(RUNNER, answer.status));
    // A web page answers 200 to anything. A runner answers with JSON or an empty body.
    if (answer.body.length > 0 && !body) throw new ProviderError('The runner did not answer in JSON.');
    if (body?.['status'] === 'failed') throw new ProviderError('The runner answered that its probe failed.');
  },

  steps: {
    actionsOf: ({ actions }) => actions,

    async run(runner, order, outside) {
      const { remediationId, incidentId, stepId, action, params, dryRun, attempt } = order;
      const body = { remediationId, incidentId, stepId, action, params, dryRun, attempt };
      try {
        return stepAnswer(await post(runner, stepId, body, outside), outside.clock.now());
      } catch (error) {
        const reason = reasonOf(error);
        if (error instanceof OutboundFailedError && error.bytesSent === 'maybe')
          return { status: 'unknown', reason };
        return { status: 'not_sent', reason, retryAfterSeconds: null };
      }
    },
  },
};

async function sendProbe(runner: Runner, outside: Outside): Promise<OutboundAnswer> {
  const body = { action: 'probe', dryRun: true };
  try {
    return await post(runner, `probe_${randomUUID()}`, body, outside, PROBE_TIMEOUT_SECONDS);
  } catch (error) {
    throw new ProviderError(reasonOf(error));
  }
}

async function post(
  { config, credentials }: Runner,
  id: string,
  content: Partial<StepOrder>,
  { http, clock }: Outside,
  timeoutSeconds = config.timeoutSeconds ?? DEFAULT_TIMEOUT_SECONDS,
): Promise<OutboundAnswer> {
  return postWebhook(http, {
    url: config.url,
    id,
    body: JSON.stringify(content),
    secrets: [credentials.secret],
    sentAt: clock.now(),
    timeoutMs: timeoutSeconds * 1000,
  });
}

function stepAnswer(answer: OutboundAnswer, now: Date): StepAnswer {
  const { status: code, headers } = answer;
  if (isSuccess(code)) {
    const body = bodyOf(answer);
    const status = body?.['status'];
    if (status === 'succeeded' || status === 'failed') return { status, output: storable(body?.['output']) };
    return {
      status: 'unknown',
      reason: `${RUNNER} answered ${code} but neither succeeded nor failed.`,
    };
  }
  const reason = unexpected(RUNNER, code);
  const seconds = retryAfterSeconds(headers['retry-after'], now);
  if (isBusy(code) && seconds !== undefined)
    return { status: 'not_sent', reason, retryAfterSeconds: seconds };
  return { status: 'unknown', reason };
}

function reasonOf(error: unknown): string {
  if (error instanceof OutboundRefusedError) return error.message;
  if (error instanceof OutboundFailedError) return `The call to the runner failed: ${error.reason}.`;
  throw error;
}
