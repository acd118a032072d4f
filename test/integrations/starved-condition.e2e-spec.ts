import { expect, it } from '@jest/globals';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { join } from 'node:path';

const CONDITION = pathToFileURL(join(process.cwd(), 'dist/modules/integrations/domain/condition.js')).href;

/** Grows a condition until it takes 5 ms of CPU, says so, and evaluates it ten times. @param meanwhile starts before that */
const programThat = (meanwhile: string): string => `
  import { pbkdf2 } from 'node:crypto';
  import { Condition } from '${CONDITION}';
  const condition = Condition.parse('event.list.all(x, event.list.all(y, x + y >= 0.0))');
  const about = (entries) => ({ event: { list: Array.from({ length: entries }, () => 1) }, incident: null });
  let entries = 8;
  for (let took = 0; took < 5; entries *= 1.4) {
    const begun = process.cpuUsage().user;
    condition.holds(about(entries));
    took = (process.cpuUsage().user - begun) / 1000;
  }
  ${meanwhile}
  console.log('ready');
  const answers = Array.from({ length: 10 }, () => {
    try { return condition.holds(about(entries)); } catch (error) { return error.name; }
  });
  console.log(JSON.stringify(answers));
`;

/** @param starve is called once the condition has grown, until it is aborted */
async function isAnswered(
  { meanwhile = '', threads = 4 },
  starve: (child: ChildProcess, fed: AbortSignal) => Promise<void>,
): Promise<void> {
  const child = spawn(process.execPath, ['--input-type=module', '--eval', programThat(meanwhile)], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { UV_THREADPOOL_SIZE: String(threads) },
  });
  try {
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    expect((await lines.next()).value).toBe('ready');
    const answer = lines.next();
    const fed = new AbortController();
    const starving = starve(child, fed.signal);
    const { value } = await answer;
    fed.abort();
    await starving;
    expect(JSON.parse(String(value))).toEqual(Array.from({ length: 10 }, () => true));
  } finally {
    child.kill('SIGCONT');
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    if (child.exitCode === null && child.signalCode === null) await ended;
  }
}

it('is answered by a process that gets a core for 3 ms of every 40', async () => {
  await isAnswered({}, async (child, fed) => {
    while (!fed.aborted) {
      child.kill('SIGSTOP');
      await pause(40);
      child.kill('SIGCONT');
      await pause(3);
    }
  });
});

const knowsThreads = 'threadCpuUsage' in process;
(knowsThreads ? it : it.skip)('is answered by a process whose other threads use all cores', async () => {
  const threads = 8 * availableParallelism();
  const meanwhile = `for (let n = 0; n < ${threads}; n += 1) pbkdf2('a', 'b', 2 ** 31 - 1, 64, 'sha512', () => undefined);`;
  await isAnswered({ meanwhile, threads }, () => Promise.resolve());
});
