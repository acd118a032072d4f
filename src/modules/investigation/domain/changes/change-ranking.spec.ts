import { describe, expect, it } from '@jest/globals';
import { type ChangeSymptoms, rankChanges } from './change-ranking.js';
import type { Change } from '../evidence/evidence.js';

const MINUTE = 60_000;
const ONSET = 1_000 * MINUTE;

function change(minutesBefore: number, changes: Partial<Change> = {}) {
  const row: Change = {
    type: 'deploy',
    service: 'web',
    summary: 'Update',
    occurredAt: ONSET - minutesBefore * MINUTE,
    ...changes,
  };
  return { evidenceId: `evd_${minutesBefore}`, row };
}

function rank(changes: Parameters<typeof rankChanges>[0], symptoms: Partial<ChangeSymptoms> = {}) {
  return rankChanges(changes, {
    onsetAt: ONSET,
    environment: 'production',
    distance: (service) => (service === 'web' ? 0 : undefined),
    hasSymptom: () => false,
    serviceIn: () => undefined,
    logWords: new Map(),
    alertWords: new Map(),
    ...symptoms,
  });
}

describe('The rank of a change', () => {
  it('is 1 + .8·e^(−lag / 20 min), and half more on the failing service', () => {
    expect(rank([change(0)])[0]?.score).toBeCloseTo(2.3);
    expect(rank([change(20)])[0]?.score).toBeCloseTo(1.5 + 0.8 / Math.E);
  });

  it('grows on a service with a symptom', () => {
    expect(rank([change(0)], { hasSymptom: () => true })[0]?.score).toBeCloseTo(2.9);
  });

  it('grows with words that new errors contain, rare ones most', () => {
    const logWords = new Map([['ledger', 3]]);
    const [best, other] = rank([change(10), change(10, { summary: 'Rewrite the ledger' })], { logWords });
    expect(best?.cited.row.summary).toBe('Rewrite the ledger');
    expect(best?.sharedWithLogs).toEqual(['ledger']);
    expect(best?.score).toBeGreaterThan(other?.score ?? Infinity);
  });

  it('is 2 lower, then none, when the change came after the onset', () => {
    expect(rank([change(-1)])[0]?.score).toBeCloseTo(2.3);
    expect(rank([change(-1.5)])[0]?.score).toBeCloseTo(0.3);
    expect(rank([change(-3)])[0]?.ruledOut).toBe('after_onset');
  });

  it('puts ruled-out changes last', () => {
    const ranked = rank([change(1, { service: 'elsewhere' }), change(300)]);
    expect(ranked.map(({ ruledOut }) => ruledOut)).toEqual([undefined, 'unrelated']);
  });

  it('weighs the words of a change that only touches log statements less', () => {
    const logWords = new Map([
      ['leader', 4],
      ['election', 4],
    ]);
    const [logged] = rank(
      [change(0, { diff: '-  LOG_DEBUG(log, "leader election")\n+  LOG_INFO(log, "leader election won")' })],
      { logWords },
    );
    const [done] = rank([change(0, { diff: '-  start(leader, election)\n+  begin(leader, election)' })], {
      logWords,
    });
    expect(logged?.risks).toEqual(['only telemetry changed']);
    expect((done?.score ?? 0) - (logged?.score ?? 0)).toBeGreaterThan(0.7);
  });

  it('gives a flag less for its time than a deploy, and a commit least', () => {
    expect(rank([change(0, { type: 'flag' })])[0]?.score).toBeCloseTo(0.7 * 1.8 + 0.5);
    expect(rank([change(0, { type: 'code' })])[0]?.score).toBeCloseTo(0.4 * 1.8 + 0.5);
  });

  it('breaks ties by time, then service', () => {
    const far = { distance: () => 1 };
    const ranked = rank([change(5, { service: 'b' }), change(5, { service: 'a' })], far);
    expect(ranked.map(({ cited }) => cited.row.service)).toEqual(['a', 'b']);
  });

  it('is none for a change of another environment', () => {
    expect(rank([change(5, { environment: 'staging' })])[0]?.ruledOut).toBe('other_environment');
    expect(rank([change(5, { environment: 'Prod' })])[0]?.ruledOut).toBeUndefined();
  });

  it('counts the names of changed files, which occur in stack traces', () => {
    const changed = change(5, {
      paths: ['src/book/depth.rs'],
      diff: '-  a.first()?;\n+  a.first().unwrap();',
    });
    const logWords = new Map(['depth', 'book', 'unwrap'].map((word) => [word, 2]));
    expect(rank([changed], { logWords })[0]?.sharedWithLogs).toEqual(['depth', 'unwrap']);
  });

  it('counts the words of changed lines, not of context lines', () => {
    const diff = '   const timeout = prices.timeout\n-  return load(catalogue)\n+  return fetch(catalogue)';
    const logWords = new Map(['timeout', 'price', 'catalogue', 'fetch'].map((word) => [word, 2]));
    expect(rank([change(5, { diff })], { logWords })[0]?.sharedWithLogs).toEqual(['fetch']);
  });

  it('marks a change as innocent only when its diff is known and unrelated', () => {
    const innocent = (changes: Partial<Change>) => rank([change(5, changes)])[0]?.innocent;
    expect(innocent({})).toBe(false);
    expect(innocent({ paths: ['a.ts'], diff: '-  sum(a, b)\n+  add(a, b)' })).toBe(true);
    expect(innocent({ paths: ['a.ts'], diff: '-  size: 50,\n+  size: 5,' })).toBe(false);
    expect(innocent({ paths: ['docs/a.md'] })).toBe(true);
  });
});
