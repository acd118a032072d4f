import { expect, it } from '@jest/globals';
import type { DiscoveryService } from '@nestjs/core';
import { newTenantId } from '../domain/ids.js';
import type { UnitOfWork } from '../persistence/unit-of-work.js';
import { Jobs } from './jobs.js';

it('asks for no job that no class runs', async () => {
  const asked: unknown[] = [];
  const unitOfWork = { query: (...call: unknown[]) => Promise.resolve(asked.push(call)) };
  const discovery = {
    getProviders: () => [{ metatype: Object, instance: {} }],
    getMetadataByDecorator: () => 'page-somebody',
  };
  const jobs = new Jobs(unitOfWork as unknown as UnitOfWork, discovery as unknown as DiscoveryService);
  await jobs.enqueue(newTenantId(), { name: 'page-somebody', payload: {} });
  expect(asked).toHaveLength(1);
  await expect(jobs.enqueue(newTenantId(), { name: 'page-sombody', payload: {} })).rejects.toThrow(
    "No class among the providers is a @JobHandler('page-sombody')",
  );
  expect(asked).toHaveLength(1);
});
