import { describe, expect, it } from '@jest/globals';
import { createLogger, NestLogger } from './logger.js';

const apiKey = `cflo_${'ab'.repeat(32)}`;

function capture(level = 'info') {
  const lines: string[] = [];
  const logger = createLogger(level, { write: (line: string) => void lines.push(line) });
  return {
    logger,
    nest: new NestLogger(logger),
    lines,
    last: () => JSON.parse(lines.at(-1) ?? '{}') as Record<string, unknown>,
  };
}

describe('a log line', () => {
  it('is JSON with the level by name and the time in UTC', () => {
    const { logger, last } = capture();
    logger.info({ incidentId: 'inc_1' }, 'stored');
    expect(last()).toMatchObject({ level: 'info', msg: 'stored', incidentId: 'inc_1' });
    expect(last()['time']).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
  });

  it('is not written below the level', () => {
    const { logger, lines } = capture('warn');
    logger.info('quiet');
    expect(lines).toEqual([]);
    createLogger('silent', { write: () => expect(true).toBe(false) }).fatal('nothing');
  });

  it('hides secrets by the name of their field, at any depth and in children', () => {
    const { logger, lines, last } = capture();
    const secrets = {
      headers: { authorization: 'hunter2', 'X-Api-Key': 'hunter2', cookie: ['hunter2'] },
      deep: [
        { config: { credentials: { user: 'hunter2' }, jwtSecret: 'hunter2', setPasswordToken: 'hunter2' } },
      ],
    };
    logger.child({ accessToken: 'hunter2' }).info({ ...secrets, inputTokens: 12 }, 'called');
    expect(lines.join()).not.toContain('hunter2');
    expect(last()).toMatchObject({ accessToken: '[redacted]', inputTokens: 12 });
    expect(secrets.headers.authorization).toBe('hunter2');
  });

  it('hides secrets inside texts and stays JSON', () => {
    const { logger, lines, last } = capture();
    logger.info(
      `key "${apiKey}" of postgres://app:hunter2@db/x, Bearer abcdefgh.ijk, /stream?ticket=hunter2&x=1`,
    );
    expect(lines.join()).not.toMatch(/abab|hunter2|abcdefgh/);
    expect(last()['msg']).toBe(
      'key "cflo_[redacted]" of postgres://app:[redacted]@db/x, Bearer [redacted], /stream?ticket=[redacted]&x=1',
    );
  });

  it('never holds a body', () => {
    const { logger, lines } = capture();
    logger.info(
      { req: { body: { a: 'private' }, rawBody: Buffer.from('private') }, chunk: Buffer.from('private') },
      'in',
    );
    expect(lines.join()).not.toContain('private');
    expect(lines.join()).toContain('[7 bytes]');
  });

  it('shows of an error its kind, message, code, stack and causes, and nothing that hangs on it', () => {
    const { logger, lines, last } = capture();
    const cause = Object.assign(new Error('duplicate key'), { code: '23505', detail: 'Key (email)=(a@b.c)' });
    const error = Object.assign(new Error('insert failed', { cause }), {
      parameters: ['hunter2'],
      query: 'INSERT',
    });
    logger.error({ err: error }, 'failed');
    logger.error(error);
    expect(lines.join()).not.toMatch(/hunter2|a@b\.c|INSERT/);
    expect(last()).toMatchObject({
      msg: 'insert failed',
      err: { type: 'Error', message: 'insert failed', cause: { code: '23505', message: 'duplicate key' } },
    });
  });

  it('survives an object that holds itself', () => {
    const { logger, last } = capture();
    const loop: Record<string, unknown> = {};
    loop['self'] = loop;
    logger.info({ loop }, 'round');
    expect(last()['msg']).toBe('round');
  });
});

describe("Nest's messages", () => {
  it('carry their context as the field logger', () => {
    const { nest, last } = capture('trace');
    nest.log('caught up', 'Relay');
    expect(last()).toMatchObject({ level: 'info', msg: 'caught up', logger: 'Relay' });
    nest.verbose('detail', { rows: 3 }, { rows: 4 }, 'Relay');
    expect(last()).toMatchObject({ level: 'trace', msg: 'detail', details: [{ rows: 3 }, { rows: 4 }] });
  });

  it('have the fields of the one object they were given', () => {
    const { nest, last } = capture();
    nest.log({ requestId: 'r-1', status: 404 }, 'request refused', 'http');
    expect(last()).toMatchObject({ requestId: 'r-1', status: 404, msg: 'request refused', logger: 'http' });
  });

  it('report each module and route at start at debug level only', () => {
    const { nest, last } = capture('debug');
    nest.log('Mapped {/v1}', 'RouterExplorer');
    expect(last()).toMatchObject({ level: 'debug', msg: 'Mapped {/v1}', logger: 'RouterExplorer' });
  });

  it('keep errors, whether given whole or as a stack text', () => {
    const { nest, last } = capture();
    const error = new Error('broken');
    nest.error(error, 'ExceptionsHandler');
    expect(last()).toMatchObject({
      level: 'error',
      msg: 'broken',
      logger: 'ExceptionsHandler',
      err: { type: 'Error' },
    });
    nest.error('could not start', error.stack, 'Boot');
    expect(last()).toMatchObject({ msg: 'could not start', logger: 'Boot', stack: error.stack });
    nest.error('could not start', error.stack);
    expect(last()).not.toHaveProperty('logger');
    nest.error('could not start', undefined, 'Boot');
    expect(last()).toMatchObject({ msg: 'could not start', logger: 'Boot' });
  });
});
