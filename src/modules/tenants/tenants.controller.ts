import { Body, Controller, Get, Param, Patch } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { notFound } from '#kernel/domain/errors';
import type { TenantId } from '#kernel/domain/ids';
import { errorResponses } from '#kernel/http/error-docs';
import { Caller } from '#kernel/http/call-request';
import { Allow, type Principal } from '#kernel/http/principal';
import { TenantProfile } from './api.js';
import { TenantProfiles } from './tenant-profiles.js';
import { ChangeTenantBody } from './tenants.dto.js';

@Controller('v1/tenants')
@ApiTags('tenants')
export class TenantsController {
  constructor(private readonly tenants: TenantProfiles) {}

  @Get(':tenantId')
  @ApiOperation({ operationId: 'getTenant', summary: 'Get your tenant' })
  @ApiOkResponse({ type: TenantProfile })
  @errorResponses(401, 403, 404, 429)
  get(@Param('tenantId') tenantId: string, @Caller() caller: Principal): Promise<TenantProfile> {
    return this.tenants.read(ownTenant(tenantId, caller));
  }

  @Patch(':tenantId')
  @Allow({ role: 'admin' })
  @ApiOperation({
    operationId: 'updateTenant',
    summary: 'Update your tenant',
    description: 'Settings are merged key by key: omitted ones stay as they are.',
  })
  @ApiOkResponse({ type: TenantProfile })
  @errorResponses(400, 401, 403, 404, 429)
  change(
    @Param('tenantId') tenantId: string,
    @Caller() caller: Principal,
    @Body() body: ChangeTenantBody,
  ): Promise<TenantProfile> {
    return this.tenants.change(ownTenant(tenantId, caller), body);
  }
}

/** Callers can only see the tenant of their token; any other one is a 404. */
function ownTenant(tenantId: string, caller: Principal): TenantId {
  if (tenantId !== caller.tenantId) throw notFound('tenant');
  return caller.tenantId;
}
