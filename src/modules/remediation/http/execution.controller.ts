import { Body, Controller, HttpCode, Param, Post } from '@nestjs/common';
import { ApiAcceptedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { Caller } from '#kernel/http/call-request';
import { errorResponses } from '#kernel/http/error-docs';
import { Idempotent } from '#kernel/http/idempotent';
import { Allow, type Principal } from '#kernel/http/principal';
import { CompleteStep } from '../application/complete-step.js';
import { ExecuteRemediation } from '../application/execute-remediation.js';
import { DryRunRemediation } from '../application/dry-run-remediation.js';
import { RetryStep } from '../application/retry-step.js';
import { RollBackRemediation } from '../application/roll-back-remediation.js';
import { CompleteStepBody, ExecuteBody, RemediationView } from './remediation.dto.js';
import { remediationView } from './remediation.view.js';

/** Executes approved plans and rolls them back. */
@Controller('v1/remediation/:remediationId')
@ApiTags('remediation')
@Allow({ role: 'admin' })
export class ExecutionController {
  constructor(
    private readonly executeRemediation: ExecuteRemediation,
    private readonly dryRunRemediation: DryRunRemediation,
    private readonly rollBackRemediation: RollBackRemediation,
    private readonly completeStep: CompleteStep,
    private readonly retryStep: RetryStep,
  ) {}

  @Post('execute')
  @Idempotent()
  @HttpCode(202)
  @ApiOperation({
    operationId: 'executeRemediation',
    summary: 'Execute an approved plan',
    description:
      'Steps run one after the other; the first one that fails ends the plan, and a manual one waits for a person. With `dryRun` the runners are asked what they would do: their responses become the `output` of the steps, nothing else changes and nothing is published.',
  })
  @ApiAcceptedResponse({ type: RemediationView })
  @errorResponses(400, 401, 403, 404, 409, 415, 422, 429)
  async execute(
    @Caller() { tenantId }: Principal,
    @Param('remediationId') remediationId: string,
    @Body() { dryRun }: ExecuteBody,
  ): Promise<RemediationView> {
    const started = dryRun
      ? await this.dryRunRemediation.execute(tenantId, remediationId)
      : await this.executeRemediation.execute(tenantId, remediationId);
    return remediationView(started);
  }

  @Post('rollback')
  @HttpCode(202)
  @ApiOperation({
    operationId: 'rollBackRemediation',
    summary: 'Roll a plan back',
    description:
      'Reverses the steps that succeeded and are reversible, last one first, as further steps of the remediation. A rollback that failed can be repeated for the remaining steps. The incident stays as it is.',
  })
  @ApiAcceptedResponse({ type: RemediationView })
  @errorResponses(401, 403, 404, 409, 429)
  async rollBack(
    @Caller() { tenantId }: Principal,
    @Param('remediationId') remediationId: string,
  ): Promise<RemediationView> {
    return remediationView(await this.rollBackRemediation.execute(tenantId, remediationId));
  }

  @Post('steps/:stepId/complete')
  @HttpCode(200)
  @ApiOperation({
    operationId: 'completeStep',
    summary: 'Report the result of a step',
    description:
      'For the manual step that an executing plan waits for, and for an unknown one. After a success the plan continues.',
  })
  @ApiOkResponse({ type: RemediationView })
  @errorResponses(400, 401, 403, 404, 409, 415, 429)
  async complete(
    @Caller() { tenantId }: Principal,
    @Param('remediationId') remediationId: string,
    @Param('stepId') stepId: string,
    @Body() { status, output = null }: CompleteStepBody,
  ): Promise<RemediationView> {
    const result = { status, output };
    return remediationView(await this.completeStep.execute(tenantId, remediationId, stepId, result));
  }

  @Post('steps/:stepId/retry')
  @HttpCode(202)
  @ApiOperation({
    operationId: 'retryStep',
    summary: 'Retry an unknown step',
    description:
      'It is sent under the same `webhook-id` with the next `attempt`, and the plan continues after it. Refused while the incident is investigated or another of its plans executes.',
  })
  @ApiAcceptedResponse({ type: RemediationView })
  @errorResponses(401, 403, 404, 409, 429)
  async retry(
    @Caller() { tenantId }: Principal,
    @Param('remediationId') remediationId: string,
    @Param('stepId') stepId: string,
  ): Promise<RemediationView> {
    return remediationView(await this.retryStep.execute(tenantId, remediationId, stepId));
  }
}
