import { Global, Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { provideStore } from '#kernel/persistence/aggregate-store';
import { AccessGuard } from './access/access.guard.js';
import { BuiltInStrategy } from './access/built-in.strategy.js';
import { BuiltInTokenGuard } from './access/token-guards.js';
import { CurrentPrincipals } from './access/current-principals.js';
import { People } from './accounts/people.js';
import { Users, userSchema } from './accounts/user.schema.js';
import { ApiKeysController } from './api-keys/api-keys.controller.js';
import { CreateApiKey } from './api-keys/create-api-key.js';
import { LiveKeys } from './api-keys/live-keys.js';
import { ApiKeys, Principals } from './api.js';
import { AccessTokens } from './sign-in/access-tokens.js';
import { AuthController } from './sign-in/auth.controller.js';
import { LogIn } from './sign-in/log-in.js';
import { OpenSession } from './sign-in/open-session.js';
import { Passwords } from './sign-in/passwords.js';
import { Register } from './sign-in/register.js';
import { Sessions, sessionSchema } from './sign-in/session.schema.js';

/** Who may come in. Global, so that its api.ts can be asked for without an import of this file. */
@Global()
@Module({
  controllers: [AuthController, ApiKeysController],
  providers: [
    { provide: APP_GUARD, useClass: AccessGuard },
    BuiltInStrategy,
    BuiltInTokenGuard,
    People,
    provideStore(Users, userSchema),
    provideStore(Sessions, sessionSchema),
    Passwords,
    AccessTokens,
    OpenSession,
    Register,
    LogIn,
    CreateApiKey,
    LiveKeys,
    { provide: ApiKeys, useExisting: LiveKeys },
    { provide: Principals, useClass: CurrentPrincipals },
  ],
  exports: [ApiKeys, Principals],
})
export class UsersModule {}
