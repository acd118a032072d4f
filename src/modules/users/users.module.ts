import { Global, Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { Config } from '#kernel/config/config';
import { Clock } from '#kernel/domain/clock';
import { provideStore } from '#kernel/persistence/aggregate-store';
import { AccessGuard } from './access/access.guard.js';
import { Authenticator } from './access/authenticator.js';
import { BuiltInStrategy } from './access/built-in.strategy.js';
import { CallLimits } from './access/call-limits.js';
import { CurrentPrincipals } from './access/current-principals.js';
import { ExternalUsers } from './access/external-users.js';
import { BuiltInTokenGuard, OIDC, OidcTokenGuard } from './access/token-guards.js';
import { Admins } from './accounts/admins.js';
import { ChangeUser } from './accounts/change-user.js';
import { CreateUser } from './accounts/create-user.js';
import { DeleteUser } from './accounts/delete-user.js';
import { ListUsers } from './accounts/list-users.js';
import { UserCache } from './accounts/user-cache.js';
import { Users, userSchema } from './accounts/user.schema.js';
import { UsersController } from './accounts/users.controller.js';
import { ApiKeyCache } from './api-keys/api-key-cache.js';
import { ApiKeyUsage } from './api-keys/api-key-usage.js';
import { ApiKeysController } from './api-keys/api-keys.controller.js';
import { CreateApiKey } from './api-keys/create-api-key.js';
import { FindApiKey } from './api-keys/find-api-key.js';
import { ListApiKeys } from './api-keys/list-api-keys.js';
import { RevokeApiKey } from './api-keys/revoke-api-key.js';
import { RotateSecret } from './api-keys/rotate-secret.js';
import { ApiKeys, Principals } from './api.js';
import { AccessTokens } from './sign-in/access-tokens.js';
import { AuthController } from './sign-in/auth.controller.js';
import { ChangePassword } from './sign-in/change-password.js';
import { LogIn } from './sign-in/log-in.js';
import { LogOut } from './sign-in/log-out.js';
import { OpenSession } from './sign-in/open-session.js';
import { Passwords } from './sign-in/passwords.js';
import { RefreshSession } from './sign-in/refresh-session.js';
import { Register } from './sign-in/register.js';
import { Sessions, sessionSchema } from './sign-in/session.schema.js';
import { SetPassword } from './sign-in/set-password.js';
import { SignInFailures } from './sign-in/sign-in-failures.js';

/** Authentication and authorisation. Global, so that its api.ts can be injected without importing this file. */
@Global()
@Module({
  controllers: [AuthController, UsersController, ApiKeysController],
  providers: [
    { provide: APP_GUARD, useClass: AccessGuard },
    Authenticator,
    CallLimits,
    BuiltInTokenGuard,
    BuiltInStrategy,
    OidcTokenGuard,
    ExternalUsers,
    {
      provide: OIDC,
      inject: [Config, ExternalUsers, Clock],
      useFactory: async ({ oidc }: Config, externalUsers: ExternalUsers, clock: Clock) => {
        if (!oidc) return undefined;
        // Its libraries are a twentieth of what a start loads.
        const { OidcStrategy } = await import('./access/oidc.strategy.js');
        return new OidcStrategy(oidc, externalUsers, clock);
      },
    },
    UserCache,
    provideStore(Users, userSchema),
    provideStore(Sessions, sessionSchema),
    Passwords,
    AccessTokens,
    OpenSession,
    SignInFailures,
    Register,
    LogIn,
    RefreshSession,
    LogOut,
    ChangePassword,
    SetPassword,
    Admins,
    ListUsers,
    CreateUser,
    ChangeUser,
    DeleteUser,
    CreateApiKey,
    ListApiKeys,
    FindApiKey,
    RevokeApiKey,
    RotateSecret,
    ApiKeyUsage,
    ApiKeyCache,
    { provide: ApiKeys, useExisting: ApiKeyCache },
    { provide: Principals, useClass: CurrentPrincipals },
  ],
  exports: [ApiKeys, Principals],
})
export class UsersModule {}
