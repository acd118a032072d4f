import { Body, Controller, Get, HttpCode, Ip, Post, Res, UseGuards } from '@nestjs/common';
import {
  ApiCreatedResponse,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
} from '@nestjs/swagger';
import type { Response } from 'express';
import { Caller } from '#kernel/http/call-request';
import { errorResponses } from '#kernel/http/error-docs';
import { type Principal, Public } from '#kernel/http/principal';
import { Tenants } from '#modules/tenants/api';
import { Users } from '../accounts/user.schema.js';
import { viewOf } from '../accounts/users.dto.js';
import {
  ChangePasswordBody,
  LogInBody,
  Me,
  RefreshTokenBody,
  RegisterBody,
  SetPasswordBody,
  SignedIn,
} from './auth.dto.js';
import { ChangePassword } from './change-password.js';
import { LogIn } from './log-in.js';
import { LogOut } from './log-out.js';
import { RefreshSession } from './refresh-session.js';
import { Register } from './register.js';
import { SetPassword } from './set-password.js';
import { SignUpGuard } from './sign-up.guard.js';

@Controller('v1/auth')
@ApiTags('auth')
export class AuthController {
  constructor(
    private readonly registration: Register,
    private readonly logIn: LogIn,
    private readonly refreshSession: RefreshSession,
    private readonly logOut: LogOut,
    private readonly changePassword: ChangePassword,
    private readonly setPassword: SetPassword,
    private readonly users: Users,
    private readonly tenants: Tenants,
  ) {}

  @Post('register')
  @Public()
  @UseGuards(SignUpGuard)
  @ApiOperation({
    operationId: 'register',
    summary: 'Create a tenant and its first admin',
    description: 'E-mail addresses are unique in the whole installation: 409 when the address is taken.',
  })
  @ApiCreatedResponse({ type: SignedIn })
  @errorResponses(400, 403, 409, 429)
  async register(
    @Body() body: RegisterBody,
    @Res({ passthrough: true }) response: Response,
  ): Promise<SignedIn> {
    const signedIn = await this.registration.execute(body);
    response.location(`/v1/tenants/${signedIn.tenant.tenantId}`);
    return signedIn;
  }

  @Post('login')
  @Public()
  @HttpCode(200)
  @ApiOperation({ operationId: 'logIn', summary: 'Sign in' })
  @ApiOkResponse({ type: SignedIn })
  @errorResponses(400, 401, 429)
  login(@Body() body: LogInBody, @Ip() address: string): Promise<SignedIn> {
    return this.logIn.execute(body, address);
  }

  @Post('refresh')
  @Public()
  @HttpCode(200)
  @ApiOperation({
    operationId: 'refreshSession',
    summary: 'Exchange a refresh token for new tokens',
    description:
      'A refresh token is valid once. Using it again ends the session, because two parties hold it.',
  })
  @ApiOkResponse({ type: SignedIn })
  @errorResponses(400, 401, 429)
  refresh(@Body() { refreshToken }: RefreshTokenBody): Promise<SignedIn> {
    return this.refreshSession.execute(refreshToken);
  }

  @Post('logout')
  @Public()
  @HttpCode(204)
  @ApiOperation({ operationId: 'logOut', summary: 'End the session of a refresh token' })
  @ApiNoContentResponse()
  @errorResponses(400, 429)
  logout(@Body() { refreshToken }: RefreshTokenBody): Promise<void> {
    return this.logOut.execute(refreshToken);
  }

  @Post('password')
  @HttpCode(200)
  @ApiOperation({
    operationId: 'changePassword',
    summary: 'Change your password',
    description: 'Revokes every earlier session and token; the response contains new ones.',
  })
  @ApiOkResponse({ type: SignedIn })
  @errorResponses(400, 401, 403, 429)
  password(
    @Caller() caller: Principal,
    @Body() body: ChangePasswordBody,
    @Ip() address: string,
  ): Promise<SignedIn> {
    return this.changePassword.execute(caller, body, address);
  }

  @Post('set-password')
  @Public()
  @HttpCode(200)
  @ApiOperation({
    operationId: 'setPassword',
    summary: 'Set the first password of an invited user',
    description:
      'With the `setPasswordToken` that the admin received when the user was created. Valid once, for 24 hours.',
  })
  @ApiOkResponse({ type: SignedIn })
  @errorResponses(400, 401, 429)
  choosePassword(@Body() body: SetPasswordBody): Promise<SignedIn> {
    return this.setPassword.execute(body);
  }

  @Get('me')
  @ApiOperation({ operationId: 'getMe', summary: 'Read the signed-in user and tenant' })
  @ApiOkResponse({ type: Me })
  @errorResponses(401, 403, 429)
  async me(@Caller() { tenantId, id }: Principal): Promise<Me> {
    const [user, tenant] = [await this.users.get(tenantId, id), await this.tenants.profile(tenantId)];
    return { user: viewOf(user), tenant, roles: [user.role] };
  }
}
