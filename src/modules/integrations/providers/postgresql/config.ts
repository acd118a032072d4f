import { ArrayUnique, Matches } from 'class-validator';
import { OneOf, Text, Texts, Whole } from '#kernel/http/fields';

export const DEFAULT_PORT = 5432;

export class PostgresqlConfig {
  @Text({ max: 253, summary: 'Name or address of the server', example: 'orders-db.example.com' })
  @Matches(/^[\w.:-]+$/, { message: 'host must be a name or an address' })
  host!: string;

  @Whole({ min: 1, max: 65_535, optional: true, default: DEFAULT_PORT, example: DEFAULT_PORT })
  port?: number;

  @Text({ max: 63, summary: 'The database; also its name in findings', example: 'orders' })
  database!: string;

  @OneOf(['verify', 'off'], {
    optional: true,
    default: 'verify',
    summary: 'verify: TLS with a certificate that is checked',
  })
  tls?: 'verify' | 'off';

  @Text({
    max: 20_000,
    optional: true,
    summary: 'PEM of the certificate authority, if it is your own',
  })
  caCertificate?: string;

  @Texts({
    max: 100,
    maxLength: 200,
    optional: true,
    summary: 'The services that use it. If set, it is queried only for incidents of these',
    example: ['checkout'],
  })
  @ArrayUnique()
  services?: string[];
}

export class PostgresqlCredentials {
  @Text({ max: 63, summary: 'A role that is a member of pg_monitor and nothing else', example: 'causeflow' })
  username!: string;

  @Text({ max: 1000, format: 'password', example: '…' })
  password!: string;
}
