// A server of which something breaks down when it is to end, in plain JavaScript.
import 'reflect-metadata';
import { start, stopOnSignals } from '../../dist/start.js';

const say = (line) => process.stdout.write(`${line}\n`);

const { url, stop } = await start(process.env, say);
const stopBadly = () =>
  stop().then(() => {
    throw new Error('I will not go');
  });
stopOnSignals({ url, stop: stopBadly });
say(`CauseFlow is ready on ${url}`);
