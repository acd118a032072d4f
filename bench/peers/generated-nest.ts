// What a code generator writes when asked for this product: Nest, class-validator, TypeORM entities and `save`.
// It does a minimum of the product's work: API key, signature, duplicate check, two rows.
import 'reflect-metadata';
import { createHash, createHmac, randomUUID, timingSafeEqual } from 'node:crypto';
import {
  Body, ConflictException, Controller, Headers, HttpCode, Injectable, Module, Param, Post, Req,
  type RawBodyRequest, UnauthorizedException, ValidationPipe,
} from '@nestjs/common'; // prettier-ignore
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { IsIn, IsNotEmpty, IsObject, IsOptional, IsString, MaxLength } from 'class-validator';
import type { Request } from 'express';
import pg from 'pg';
import { Column, CreateDateColumn, DataSource, Entity, Index, PrimaryColumn } from 'typeorm';

@Entity('api_keys')
class ApiKey {
  @PrimaryColumn('text') id!: string;
  @Index({ unique: true }) @Column('text') keyHash!: string;
  @Column('text') tenantId!: string;
  @Column('text') webhookSecret!: string;
}

@Entity('incidents')
class Incident {
  @PrimaryColumn('text') id!: string;
  @Index() @Column('text') tenantId!: string;
  @Column('text') title!: string;
  @Column('text') description!: string;
  @Column('text') severity!: string;
  @Column('text') status!: string;
  @Column('text', { nullable: true }) service!: string | null;
  @Column('text', { nullable: true }) environment!: string | null;
  @CreateDateColumn() createdAt!: Date;
}

@Entity('alerts')
@Index(['tenantId', 'sourceAlertId'], { unique: true })
class Alert {
  @PrimaryColumn('text') id!: string;
  @Column('text') tenantId!: string;
  @Column('text') incidentId!: string;
  @Column('text', { nullable: true }) sourceAlertId!: string | null;
  @Column('jsonb') tags!: Record<string, string>;
  @Column('jsonb') metadata!: Record<string, unknown>;
  @CreateDateColumn() receivedAt!: Date;
}

class CustomAlertDto {
  @IsString() @IsNotEmpty() @MaxLength(500) title!: string;
  @IsString() @IsNotEmpty() @MaxLength(20_000) description!: string;
  @IsOptional() @IsString() @MaxLength(512) sourceAlertId?: string;
  @IsOptional() @IsIn(['critical', 'high', 'medium', 'low', 'info']) severity?: string;
  @IsOptional() @IsString() service?: string;
  @IsOptional() @IsString() environment?: string;
  @IsOptional() @IsObject() tags?: Record<string, string>;
  @IsOptional() @IsObject() metadata?: Record<string, unknown>;
}

@Injectable()
class WebhooksService {
  constructor(private readonly source: DataSource) {}

  async authenticate(tenantId: string, key: string, signature: string, raw: Buffer): Promise<void> {
    const keyHash = createHash('sha256').update(key).digest('hex');
    const found = await this.source.getRepository(ApiKey).findOne({ where: { keyHash } });
    if (found?.tenantId !== tenantId) throw new UnauthorizedException();
    const expected = createHmac('sha256', found.webhookSecret).update(raw).digest();
    if (!timingSafeEqual(expected, Buffer.from(signature, 'hex'))) throw new UnauthorizedException();
  }

  async receive(tenantId: string, dto: CustomAlertDto): Promise<{ incidentId: string; status: string }> {
    const { sourceAlertId = null } = dto;
    if (sourceAlertId !== null) {
      const exists = await this.source.getRepository(Alert).exists({ where: { tenantId, sourceAlertId } });
      if (exists) throw new ConflictException('duplicate_alert');
    }
    return this.source.transaction(async (manager) => {
      const incident = await manager.save(
        manager.create(Incident, {
          id: `inc_${randomUUID()}`,
          tenantId,
          title: dto.title,
          description: dto.description,
          severity: dto.severity ?? 'medium',
          status: 'triaging',
          service: dto.service ?? null,
          environment: dto.environment ?? null,
        }),
      );
      const { tags = {}, metadata = {} } = dto;
      await manager.save(
        manager.create(Alert, {
          id: randomUUID(),
          tenantId,
          incidentId: incident.id,
          sourceAlertId,
          tags,
          metadata,
        }),
      );
      return { incidentId: incident.id, status: incident.status };
    });
  }
}

@Controller('v1/webhooks')
class WebhooksController {
  constructor(private readonly webhooks: WebhooksService) {}

  @Post(':tenantId/custom')
  @HttpCode(202)
  async custom(
    @Param('tenantId') tenantId: string,
    @Headers('x-api-key') key: string,
    @Headers('x-webhook-signature') signature: string,
    @Req() request: RawBodyRequest<Request>,
    @Body() dto: CustomAlertDto,
  ): Promise<{ incidentId: string; status: string }> {
    await this.webhooks.authenticate(tenantId, key, signature, request.rawBody ?? Buffer.alloc(0));
    return this.webhooks.receive(tenantId, dto);
  }
}

const connection = async (): Promise<DataSource> =>
  new DataSource({
    type: 'postgres',
    driver: pg,
    url: process.env['DATABASE_URL'] ?? '',
    entities: [ApiKey, Incident, Alert],
    synchronize: true,
    poolSize: 10,
  }).initialize();

@Module({
  controllers: [WebhooksController],
  providers: [WebhooksService, { provide: DataSource, useFactory: connection }],
})
class AppModule {}

const app = await NestFactory.create<NestExpressApplication>(AppModule, { rawBody: true, logger: false });
app.useGlobalPipes(new ValidationPipe({ whitelist: true, transform: true }));
const senders = JSON.parse(process.env['SENDERS'] ?? '[]') as {
  tenantId: string;
  key: string;
  secret: string;
}[];
await app.get(DataSource).manager.insert(
  ApiKey,
  senders.map(({ tenantId, key, secret }) => ({
    id: randomUUID(),
    keyHash: createHash('sha256').update(key).digest('hex'),
    tenantId,
    webhookSecret: secret,
  })),
);
await app.listen(0, '127.0.0.1');
const { port } = app.getHttpServer().address() as { port: number };
process.stdout.write(`ready on http://127.0.0.1:${String(port)}\n`);
