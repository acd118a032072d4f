import { PLANS, type Plan } from '#kernel/domain/plan';
import { Email, ObjectOf, OneOf, Text, Texts, Whole } from '#kernel/http/fields';
import type { UserRole } from '#kernel/http/principal';
import { TenantProfile } from '#modules/tenants/api';
import { UserView } from '../accounts/users.dto.js';
import { USER_ROLES } from '../events.js';

const PASSWORD = { min: 12, max: 200, blank: true, format: 'password' } as const;

export class RegisterBody {
  @Email() email!: string;
  @Text(PASSWORD) password!: string;
  @Text({ max: 200, optional: true, nullable: true, example: 'Ada Lovelace' }) name?: string | null;
  @Text({ max: 200, example: 'Acme Corp' }) tenantName!: string;
  @OneOf(PLANS, { optional: true, default: 'pro' }) plan?: Plan;
}

export class LogInBody {
  @Email() email!: string;
  @Text({ max: 200, blank: true, format: 'password' }) password!: string;
}

export class RefreshTokenBody {
  @Text({ max: 500, example: 'rt_9c1f4b7e2a' }) refreshToken!: string;
}

export class ChangePasswordBody {
  @Text({ max: 200, blank: true, format: 'password' }) currentPassword!: string;
  @Text(PASSWORD) newPassword!: string;
}

export class SetPasswordBody {
  @Text({ max: 500, summary: 'The `setPasswordToken` of a new user', example: 'st_5d0e8a61c3' })
  token!: string;
  @Text(PASSWORD) newPassword!: string;
}

export class Me {
  @ObjectOf(() => UserView) user!: UserView;
  @ObjectOf(() => TenantProfile) tenant!: TenantProfile;
  @Texts({ values: USER_ROLES }) roles!: UserRole[];
}

export class SignedIn {
  @Text({ max: 8192, summary: 'For `Authorization: Bearer …`', example: 'eyJhbGciOi…' }) accessToken!: string;
  @Text({ max: 500, summary: 'Valid once, for `POST /v1/auth/refresh`', example: 'rt_9c1f4b7e2a' })
  refreshToken!: string;
  @OneOf(['Bearer']) tokenType!: 'Bearer';
  @Whole({ summary: 'Seconds until the access token expires', example: 3600 }) expiresIn!: number;
  @ObjectOf(() => TenantProfile) tenant!: TenantProfile;
  @ObjectOf(() => UserView) user!: UserView;
}
