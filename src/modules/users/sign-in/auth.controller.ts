import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { errorResponses } from '#kernel/http/error-docs';
import { Public } from '#kernel/http/principal';
import { LogInBody, RegisterBody, SignedIn } from './auth.dto.js';
import { LogIn } from './log-in.js';
import { Register } from './register.js';

@Controller('v1/auth')
@ApiTags('auth')
export class AuthController {
  constructor(
    private readonly registration: Register,
    private readonly logIn: LogIn,
  ) {}

  @Post('register')
  @Public()
  @ApiOperation({ operationId: 'register', summary: 'Found a tenant and become its first admin' })
  @ApiCreatedResponse({ type: SignedIn })
  @errorResponses(400, 403, 409, 429)
  register(@Body() body: RegisterBody): Promise<SignedIn> {
    return this.registration.execute(body);
  }

  @Post('login')
  @Public()
  @HttpCode(200)
  @ApiOperation({ operationId: 'logIn', summary: 'Sign in' })
  @ApiOkResponse({ type: SignedIn })
  @errorResponses(400, 401, 429)
  login(@Body() body: LogInBody): Promise<SignedIn> {
    return this.logIn.execute(body);
  }
}
