import { Global, Module } from '@nestjs/common';

/** Global, so that its api.ts can be asked for without an import of this file. */
@Global()
@Module({})
export class TenantsModule {}
