import { describe, expect, it } from '@jest/globals';
import { aContext, anIncident, change, logWithErrors, metric } from '../agents/case.fixture.js';
import { EvidenceSet } from '../evidence/evidence-set.js';
import { decideOutcome } from '../outcome/decide-outcome.js';
import { outcomeInputs } from '../outcome/outcome-inputs.js';
import { briefing } from './briefing.js';
import { candidatesOf } from './candidates.js';
import { caseText } from './citable.js';
import { EVIDENCE_TOOLS, callTool } from './evidence-tools.js';
import { validateReport } from './model-report.js';

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
  return validateReport({ explanation: [{ sentence, citations: cited }], isFinal: true }, known);
}

describe('The validation of a model’s report', () => {
  it.each([
    'The pool ran out.',
    'All 50 connections of checkout were in use; orders-db answered late.',
    'Version v42 of checkout came first, and latency rose to 41.2 ms.',
    'The pool is read-only.',
  ])('accepts a sentence that quotes evidence and names only candidates: %s', (sentence) => {
    const { findings, refused } = said(sentence);
    expect(refused).toEqual([]);
    expect(findings).toMatchObject([{ statement: sentence, kind: 'model_reading' }]);
    expect(findings[0]?.evidenceIds).toEqual(['evd_log_checkout']);
  });

  it.each([
    ['an unknown entity', 'The culprit is payments-db.'],
    ['a host', 'It calls db1.internal.example all the time.'],
    ['an address', 'See https://evil.example for help.'],
    ['a version', 'Version v43 broke it.'],
    ['a commit', 'Commit 7dacc6c8 broke it.'],
    ['a path', 'Look at src/pool for it.'],
    ['a number', 'It failed 31337 times.'],
    ['a part of a number', 'It failed 5 times.'],
    ['the end of a number', 'It rose to 1.2 ms.'],
    ['nothing', '   '],
  ])('refuses a sentence with %s', (_, sentence) => {
    expect(said(sentence)).toMatchObject({ findings: [], refused: [expect.any(String)] });
  });

  it.each([
    ['no citation', []],
    ['citations that are not a list', 'evd_log_checkout'],
    ['evidence of another run', [{ evidenceId: 'evd_other', quote: LINE }]],
    ['a quote that does not occur', [{ evidenceId: 'evd_log_checkout', quote: `${LINE} twice` }]],
    ['a quote in other case', [{ evidenceId: 'evd_log_checkout', quote: LINE.toUpperCase() }]],
    ['a quote from another piece', [{ evidenceId: 'evd_alert', quote: LINE }]],
    ['a quote that is too short', [{ evidenceId: 'evd_log_checkout', quote: 'o' }]],
    [
      'one valid and one invalid citation',
      [...citations, { evidenceId: 'evd_log_checkout', quote: 'never said' }],
    ],
  ])('refuses a sentence supported by %s', (_, cited) => {
    expect(said('The pool ran out.', cited)).toMatchObject({ findings: [], refused: [expect.any(String)] });
  });

  it('replaces characters that a database cannot store', () => {
    expect(said('The pool\0 ran\ud83d out.').findings).toMatchObject([
      { statement: 'The pool\uFFFD ran\uFFFD out.' },
    ]);
  });

  it('accepts a hypothesis about a candidate, open and with score 0', () => {
    const report = (candidate: unknown) =>
      validateReport(
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
    for (const unknown of ['e999', 'evil', '', null, 7, { id: 'e1' }])
      expect(report(unknown).hypotheses).toEqual([]);
  });

  it('accepts nothing from malformed input', () => {
    for (const malformed of [null, 'text', 7, [], {}, { explanation: 7 }, { explanation: [null, 1, 'x'] }])
      expect(validateReport(malformed, known).findings).toEqual([]);
  });
});

describe('The tools of a model', () => {
  const tools = { evidence, text };

  it('read the evidence of the run, line by line as it can be quoted', () => {
    expect(callTool(tools, 'list_evidence', {})).toContain('evd_log_checkout log from test');
    const lines = callTool(tools, 'read_evidence', { evidenceId: 'evd_log_checkout', contains: LINE })?.split(
      '\n',
    );
    expect(lines?.[0]).toContain(LINE);
    expect(callTool(tools, 'search_logs', { contains: 'POOL OF' })).toContain('evd_log_checkout: ');
    expect(callTool(tools, 'read_metric', { entity: 'orders-db', metric: 'latency_ms' })).toContain(' 5');
    expect(callTool(tools, 'read_metric', { entity: 'orders-db' })).toContain('latency_ms');
  });

  it('read nothing else, whatever their input', () => {
    expect(callTool(tools, 'read_evidence', { evidenceId: 'evd_of_others' })).toContain(
      'no evidence of this id',
    );
    expect(callTool(tools, 'read_evidence', { evidenceId: ['x'], from: 'NaN', contains: {} })).toBeDefined();
    expect(callTool(tools, 'run_shell', { command: 'ls' })).toBeUndefined();
    expect(callTool(tools, 'list_evidence', 'text')).toBeUndefined();
    expect(callTool(tools, '__proto__', {})).toBeUndefined();
    const odd = { toString: 1, valueOf: 1 };
    for (const { name } of EVIDENCE_TOOLS)
      expect(callTool(tools, name, { evidenceId: odd, contains: odd, entity: odd, from: odd })).toBeDefined();
  });

  it('limit the size of their output', () => {
    for (const { name } of EVIDENCE_TOOLS) {
      const answer = callTool(tools, name, {
        evidenceId: 'evd_log_checkout',
        contains: '',
        entity: 'checkout',
      });
      expect(answer?.length).toBeLessThanOrEqual(6_000);
    }
  });

  it.each(['', 'x'])('do not split a surrogate pair after %j, which a model would reject', (start) => {
    const line = `${start}${'🔥'.repeat(300)}`;
    const long = aContext([logWithErrors('checkout', line)]);
    const longCase = { evidence: long.evidence, text: caseText(long.evidence, long.context) };
    expect(callTool(longCase, 'search_logs', { contains: start })).not.toMatch(/\p{Surrogate}/u);
  });
});

it.each(['', 'x'])('a briefing does not split a surrogate pair of the description after %j', (start) => {
  const { context: described } = aContext([], {
    incident: anIncident({ description: `${start}${'🔥'.repeat(3_000)}` }),
  });
  const outcome = decideOutcome(outcomeInputs([], new EvidenceSet([]), described));
  expect(briefing(described, outcome, [])).not.toMatch(/\p{Surrogate}/u);
});
