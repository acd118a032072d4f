import { describe, expect, it } from '@jest/globals';
import { newId, newTenantId } from '#kernel/domain/ids';
import { type FeedbackType, Pattern } from './pattern.js';

const now = new Date('2026-03-01T12:00:00Z');
const fix = { title: 'Roll back payment-service', steps: [] };
const lesson = {
  incidentId: newId('inc'),
  alert: {
    title: 'High error rate on payment-service',
    description: 'Connection pool exhausted',
    service: 'payment-service',
  },
  rootCause: 'Deploy v42 lowered the connection pool to 5',
  fix: null,
};

const learn = (differences: Partial<typeof lesson> = {}) =>
  Pattern.learn(newTenantId(), { ...lesson, ...differences }, now);

function withFeedback(...types: FeedbackType[]): Pattern {
  const pattern = learn();
  for (const type of types) pattern.applyFeedback(type);
  return pattern;
}

describe('Pattern', () => {
  it('starts as emerging, with confidence 0.5 and one occurrence, and publishes its extraction', () => {
    const pattern = learn();
    expect(pattern).toMatchObject({ status: 'emerging', confidence: 0.5, occurrences: 1, confirmations: 0 });
    const [event, ...more] = pattern.takeRecorded();
    expect(event?.type).toBe('knowledge.pattern_extracted');
    expect(event?.data).toEqual({
      patternId: pattern.patternId,
      incidentId: lesson.incidentId,
      summary: lesson.rootCause,
    });
    expect(more).toEqual([]);
  });

  it('does not split a character when it cuts a very long cause', () => {
    const { summary } = learn({ rootCause: `x${'🔥'.repeat(5_000)}` });
    expect(summary).toBe(`x${'🔥'.repeat(3_999)}`);
  });

  it('names the fix in its summary when there is one', () => {
    const pattern = Pattern.learn(newTenantId(), { ...lesson, fix }, now);
    expect(pattern.summary).toBe(`${lesson.rootCause} — resolved by: ${fix.title}`);
  });

  it('lists the words of the alert as symptoms, the title first', () => {
    expect(learn().symptoms).toEqual([
      'error',
      'payment',
      'high',
      'rate',
      'service',
      'connection',
      'pool',
      'exhausted',
    ]);
  });

  it('is stable after three confirmations and not before', () => {
    expect(withFeedback('confirm_rca', 'confirm_fix')).toMatchObject({ status: 'emerging', confidence: 0.7 });
    expect(withFeedback('confirm_rca', 'confirm_fix', 'confirm_rca')).toMatchObject({
      status: 'stable',
      confidence: 0.8,
      confirmations: 3,
    });
  });

  it('goes to review after three contradictions of any kind', () => {
    expect(withFeedback('reject_rca', 'correct_rca')).toMatchObject({ status: 'emerging', confidence: 0.2 });
    expect(withFeedback('reject_rca', 'correct_rca', 'reject_fix')).toMatchObject({
      status: 'review',
      confidence: 0.05,
    });
  });

  it('returns from stable to emerging when it is contradicted', () => {
    const pattern = withFeedback('confirm_rca', 'confirm_rca', 'confirm_rca', 'reject_fix');
    expect(pattern).toMatchObject({ status: 'emerging', confidence: 0.65, confirmations: 3 });
  });

  it('keeps its confidence within 0 and 1', () => {
    expect(withFeedback(...Array<FeedbackType>(9).fill('confirm_rca')).confidence).toBe(1);
    expect(withFeedback(...Array<FeedbackType>(9).fill('reject_rca')).confidence).toBe(0);
  });

  it.each(['review', 'archived'] as const)('is not brought back from %s by feedback', (status) => {
    const pattern = withFeedback('confirm_rca', 'confirm_rca');
    pattern.edit({ status });
    pattern.applyFeedback('confirm_rca');
    expect(pattern).toMatchObject({ status, confidence: 0.8, isOffered: false });
  });

  it('adopts a fix where it had none, and keeps the one it has', () => {
    const pattern = learn();
    const later = new Date('2026-03-02T12:00:00Z');
    pattern.recordOccurrence(fix, later);
    pattern.recordOccurrence({ ...fix, title: 'Restart' }, later);
    expect(pattern).toMatchObject({ fix, occurrences: 3, lastSeenAt: later, createdAt: now });
  });

  it('changes what an edit names and nothing else', () => {
    const pattern = Pattern.learn(newTenantId(), { ...lesson, fix }, now);
    pattern.edit({ title: 'Pool exhausted', runbookUrl: 'https://wiki.example.com/pool' });
    expect(pattern).toMatchObject({
      title: 'Pool exhausted',
      runbookUrl: 'https://wiki.example.com/pool',
      rootCause: lesson.rootCause,
      fix,
    });
    pattern.edit({ fix: null, runbookUrl: null });
    expect(pattern).toMatchObject({ title: 'Pool exhausted', fix: null, runbookUrl: null });
  });

  it('is compared by the alert it was learned from, even after its title changed', () => {
    const pattern = learn();
    pattern.edit({ title: 'Something else' });
    expect(pattern.alert).toEqual(lesson.alert);
  });
});
