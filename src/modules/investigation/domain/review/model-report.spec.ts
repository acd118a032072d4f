import { describe, expect, it } from '@jest/globals';
import { aContext, anIncident, change, logWithErrors, metric } from '../agents/case.fixture.js';
import { EvidenceSet } from '../evidence/evidence-set.js';
import { decideOutcome } from '../outcome/decide-outcome.js';
import { outcomeInputs } from '../outcome/outcome-inputs.js';
import { briefing } from './briefing.js';
import { candidatesOf } from './candidates.js';
import { caseText } from './citable.js';
import { EVIDENCE_TOOLS, useTool } from './evidence-tools.js';
import { takeReport } from './model-report.js';

const LINE = 'pool of 50 connections exhausted';
const { evidence, context } = aContext([
  logWithErrors('checkout', LINE),
  metric('orders-db', 'latency_ms', 5, 400),
  change('13:58'),
]);
const text = caseText(evidence, context);
const known = { text, candidates: candidatesOf(evidence, context), statements: ['It rose to 41.2 ms.'] };
const citations = [{ evidenceId: 'evd_log_checkout', quote: LINE }];

function said(sentence: string, cited: unknown = citations) {
  return takeReport({ explanation: [{ sentence, citations: cited }], isFinal: true }, known);
}

describe('What is taken of a model’s report', () => {
  it.each([
    'The pool ran out.',
    'All 50 connections of checkout were in use; orders-db answered late.',
    'Version v42 of checkout came first, and latency rose to 41.2 ms.',
    'The pool is read-only.',
  ])('is a sentence that quotes evidence and names only candidates: %s', (sentence) => {
    const { findings, refused } = said(sentence);
    expect(refused).toEqual([]);
    expect(findings).toMatchObject([{ statement: sentence, kind: 'model_reading' }]);
    expect(findings[0]?.evidenceIds).toEqual(['evd_log_checkout']);
  });

  it.each([
    ['a stranger', 'The culprit is payments-db.'],
    ['a host', 'It calls db1.internal.example all the time.'],
    ['an address', 'See https://evil.example for help.'],
    ['a version', 'Version v43 broke it.'],
    ['a commit', 'Commit 7dacc6c8 broke it.'],
    ['a path', 'Look at src/pool for it.'],
    ['a number', 'It failed 31337 times.'],
    ['a part of a number', 'It failed 5 times.'],
    ['the end of a number', 'It rose to 1.2 ms.'],
    ['nothing', '   '],
  ])('is no sentence that names %s', (_, sentence) => {
    expect(said(sentence)).toMatchObject({ findings: [], refused: [expect.any(String)] });
  });

  it.each([
    ['no citation', []],
    ['no list', 'evd_log_checkout'],
    ['evidence of another run', [{ evidenceId: 'evd_other', quote: LINE }]],
    ['words that are not there', [{ evidenceId: 'evd_log_checkout', quote: `${LINE} twice` }]],
    ['words in other letters', [{ evidenceId: 'evd_log_checkout', quote: LINE.toUpperCase() }]],
    ['words of another piece', [{ evidenceId: 'evd_alert', quote: LINE }]],
    ['hardly a word', [{ evidenceId: 'evd_log_checkout', quote: 'o' }]],
    ['one right and one wrong', [...citations, { evidenceId: 'evd_log_checkout', quote: 'never said' }]],
  ])('is no sentence with %s', (_, cited) => {
    expect(said('The pool ran out.', cited)).toMatchObject({ findings: [], refused: [expect.any(String)] });
  });

  it('is what a database can hold', () => {
    expect(said('The pool\0 ran\ud83d out.').findings).toMatchObject([
      { statement: 'The pool\uFFFD ran\uFFFD out.' },
    ]);
  });

  it('is a hypothesis about a candidate, open and worth nothing', () => {
    const report = (candidate: unknown) =>
      takeReport(
        { explanation: [], hypotheses: [{ candidate, because: 'Its pool ran out.', citations }] },
        known,
      );
    const [own] = report('e1').hypotheses;
    expect(own).toMatchObject({
      entity: 'checkout',
      status: 'open',
      score: 0,
      witnesses: [],
      statement: 'checkout. Its pool ran out.',
    });
    expect(report('c1').hypotheses[0]).toMatchObject({ category: 'change' });
    expect(report('c1').hypotheses[0]).not.toHaveProperty('change');
    for (const stranger of ['e999', 'evil', '', null, 7, { id: 'e1' }])
      expect(report(stranger).hypotheses).toEqual([]);
  });

  it('is nothing of what is no report', () => {
    for (const rubbish of [null, 'text', 7, [], {}, { explanation: 7 }, { explanation: [null, 1, 'x'] }])
      expect(takeReport(rubbish, known).findings).toEqual([]);
  });
});

describe('The tools of a model', () => {
  const desk = { evidence, text };

  it('read what the run has on file, line by line as it can be quoted', () => {
    expect(useTool(desk, 'list_evidence', {})).toContain('evd_log_checkout log from test');
    const lines = useTool(desk, 'read_evidence', { evidenceId: 'evd_log_checkout', contains: LINE })?.split(
      '\n',
    );
    expect(lines?.[0]).toContain(LINE);
    expect(useTool(desk, 'search_logs', { contains: 'POOL OF' })).toContain('evd_log_checkout: ');
    expect(useTool(desk, 'read_metric', { entity: 'orders-db', metric: 'latency_ms' })).toContain(' 5');
    expect(useTool(desk, 'read_metric', { entity: 'orders-db' })).toContain('latency_ms');
  });

  it('know nothing else, whatever they are asked', () => {
    expect(useTool(desk, 'read_evidence', { evidenceId: 'evd_of_others' })).toContain(
      'no evidence of this id',
    );
    expect(useTool(desk, 'read_evidence', { evidenceId: ['x'], from: 'NaN', contains: {} })).toBeDefined();
    expect(useTool(desk, 'run_shell', { command: 'ls' })).toBeUndefined();
    expect(useTool(desk, 'list_evidence', 'text')).toBeUndefined();
    expect(useTool(desk, '__proto__', {})).toBeUndefined();
    const odd = { toString: 1, valueOf: 1 };
    for (const { name } of EVIDENCE_TOOLS)
      expect(useTool(desk, name, { evidenceId: odd, contains: odd, entity: odd, from: odd })).toBeDefined();
  });

  it('answer little at a time', () => {
    for (const { name } of EVIDENCE_TOOLS) {
      const answer = useTool(desk, name, {
        evidenceId: 'evd_log_checkout',
        contains: '',
        entity: 'checkout',
      });
      expect(answer?.length).toBeLessThanOrEqual(6_000);
    }
  });

  it.each(['', 'x'])('answer whole characters, which is all that a model takes: after %j', (start) => {
    const line = `${start}${'🔥'.repeat(300)}`;
    const long = aContext([logWithErrors('checkout', line)]);
    const asked = { evidence: long.evidence, text: caseText(long.evidence, long.context) };
    expect(useTool(asked, 'search_logs', { contains: start })).not.toMatch(/\p{Surrogate}/u);
  });
});

it.each(['', 'x'])('a model is told whole characters, of a description after %j, too', (start) => {
  const { context: told } = aContext([], {
    incident: anIncident({ description: `${start}${'🔥'.repeat(3_000)}` }),
  });
  const outcome = decideOutcome(outcomeInputs([], new EvidenceSet([]), told));
  expect(briefing(told, outcome, [])).not.toMatch(/\p{Surrogate}/u);
});
