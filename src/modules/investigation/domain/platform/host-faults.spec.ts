import { describe, expect, it } from '@jest/globals';
import { at, metric } from '../agents/case.fixture.js';
import { EvidenceSet } from '../evidence/evidence-set.js';
import { hostFaults } from './host-faults.js';

const names = (onset: string, ...all: ReturnType<typeof metric>[]) =>
  hostFaults(new EvidenceSet(all).series, at(onset)).map(({ series }) => series.metric);

describe('A host fault', () => {
  it.each([
    ['cpu_steal_ratio', 0.01, 0.5],
    ['ntp_offset_seconds', 0.01, 300],
    ['packetLossRatio', 0, 0.6],
    ['disk_io_errors', 0, 40],
  ])('is %s', (name, normal, bad) => {
    expect(names('14:02', metric('node-7', name, normal, bad))).toEqual([name]);
  });

  it('is no metric of a program, none that stayed normal, and none that shifted after the onset', () => {
    expect(names('14:02', metric('web', 'cpu_usage', 0.1, 0.9))).toEqual([]);
    expect(names('14:02', metric('node-7', 'cpu_steal_ratio', 0.01, 0.01))).toEqual([]);
    expect(names('13:50', metric('node-7', 'cpu_steal_ratio', 0.01, 0.5))).toEqual([]);
  });
});
