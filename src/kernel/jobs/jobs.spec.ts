import { expect, it } from '@jest/globals';
import type { DiscoveryService } from '@nestjs/core';
import { newTenantId } from '../domain/ids.js';
import type { UnitOfWork } from '../persistence/unit-of-work.js';
import { Jobs } from './jobs.js';

it('refuses to enqueue a job without a handler', async () => {
  const queries: unknown[] = [];
  const unitOfWork = { query: (...call: unknown[]) => Promise.resolve(queries.push(call)) };
  const discovery = {
    getProviders: () => [{ metatype: Object, instance: {} }],
    getMetadataByDecorator: () => 'page-somebody',
  };
  const jobs = new Jobs(unitOfWork as unknown as UnitOfWork, discovery as unknown as DiscoveryService);
  await jobs.enqueue(newTenantId(), { name: 'page-somebody', payload: {} });
  expect(queries).toHaveLength(1);
  await expect(jobs.enqueue(newTenantId(), { name: 'page-sombody', payload: {} })).rejects.toThrow(
    "No class among the providers is a @JobHandler('page-sombody')",
  );
  expect(queries).toHaveLength(1);
});
