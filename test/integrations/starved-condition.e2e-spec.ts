import { expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { join } from 'node:path';

const CONDITION = pathToFileURL(join(process.cwd(), 'dist/modules/integrations/domain/condition.js')).href;

/** Grows a condition until it takes 5 ms of CPU, says so, and evaluates it ten times. */
const PROGRAM = `
  import { Condition } from '${CONDITION}';
  const condition = Condition.parse('event.list.all(x, event.list.all(y, x + y >= 0.0))');
  const about = (entries) => ({ event: { list: Array.from({ length: entries }, () => 1) }, incident: null });
  let entries = 8;
  for (let took = 0; took < 5; entries *= 1.4) {
    const begun = process.cpuUsage().user;
    condition.holds(about(entries));
    took = (process.cpuUsage().user - begun) / 1000;
  }
  console.log('ready');
  const answers = Array.from({ length: 10 }, () => {
    try { return condition.holds(about(entries)); } catch (error) { return error.name; }
  });
  console.log(JSON.stringify(answers));
`;

it('is answered by a process that gets a core for 3 ms of every 40', async () => {
  const child = spawn(process.execPath, ['--input-type=module', '--eval', PROGRAM], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    expect((await lines.next()).value).toBe('ready');
    const answer = lines.next();
    const fed = new AbortController();
    const starving = (async () => {
      while (!fed.signal.aborted) {
        child.kill('SIGSTOP');
        await pause(40);
        child.kill('SIGCONT');
        await pause(3);
      }
    })();
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
});
