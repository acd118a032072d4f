// Opens event streams over raw sockets and compares the bytes of each stream with those of the others. A child process of
// stream-clients.mjs. Messages in: { open: { url, path, headers, clients, events? } }, { expect: events }.
// Messages out: { opened }, { ready }, { received: { begunAt, at } } when every stream has received all events, { error }.
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { epochNow } from './clock.mjs';

/** How many connections are opened concurrently. */
const CONCURRENCY = 100;
const PREAMBLE_MS = 300;
const LINE_FEED = 10;

/** One read buffer for all sockets: each read is handled before the next one happens. */
const buffer = Buffer.allocUnsafe(256 * 1024);
/** The bytes of the stream that is ahead of the others. Starts with a line feed, so that every frame follows one. */
const reference = Buffer.alloc(32 * 1024 * 1024, '\n');
const clients = [];
let length = 1;
let frames = 0;
let expected = 0;
let incomplete = 0;
let begunAt = 0;

process.on('message', (message) => {
  if (message.open) open(message.open).catch(fail);
  if (message.expect) {
    reset(message.expect);
    process.send({ ready: true });
  }
});

function reset(events) {
  length = 1;
  frames = 0;
  expected = events;
  incomplete = clients.length;
  for (const client of clients) Object.assign(client, { offset: 1, isDone: false });
}

async function open({ url, path, headers, clients: count, events }) {
  const { hostname, port, host } = new URL(url);
  const head = `GET ${path} HTTP/1.1\r\nHost: ${host}\r\n${headers}\r\n`;
  if (events) expected = events;
  begunAt = epochNow();
  for (let opened = 0; opened < count; opened += CONCURRENCY) {
    const size = Math.min(CONCURRENCY, count - opened);
    await Promise.all(Array.from({ length: size }, () => connectOne({ hostname, port: Number(port), head })));
  }
  // Nothing marks the end of what a server sends first (comments, retry), so it gets some time.
  await sleep(PREAMBLE_MS);
  process.send({ opened: clients.length });
}

function connectOne({ hostname, port, head }) {
  return new Promise((resolve, reject) => {
    const client = {
      offset: 1,
      isDone: false,
      isChunked: false,
      left: 0,
      line: '',
      inBody: false,
      opened: resolve,
    };
    if (expected > 0) incomplete += 1;
    clients.push(client);
    const socket = connect({
      host: hostname,
      port,
      onread: { buffer, callback: (size) => parse(client, buffer.subarray(0, size)) },
    });
    socket.on('connect', () => socket.write(head));
    socket.on('error', reject);
    socket.on('close', () => fail(new Error('a stream was closed')));
  });
}

/** Parses the response incrementally, with or without HTTP chunks. */
function parse(client, bytes) {
  let offset = 0;
  while (offset < bytes.length) {
    if (client.left > 0) {
      const end = Math.min(bytes.length, offset + client.left);
      onBody(client, bytes, offset, end);
      client.left -= end - offset;
      offset = end;
      continue;
    }
    const newline = bytes.indexOf(LINE_FEED, offset);
    client.line += bytes.latin1Slice(offset, newline < 0 ? bytes.length : newline + 1);
    if (newline < 0) return true;
    offset = newline + 1;
    if (client.inBody) onChunkSize(client);
    else onHeadLine(client);
  }
  return true;
}

function onHeadLine(client) {
  if (client.line.startsWith('HTTP/1.1 ') && !client.line.startsWith('HTTP/1.1 200'))
    fail(new Error(client.line));
  if (/^transfer-encoding: chunked/i.test(client.line)) client.isChunked = true;
  if (client.line === '\r\n') {
    // Without chunks, everything until the connection closes is the body.
    if (!client.isChunked) client.left = Infinity;
    client.inBody = true;
    client.opened();
  }
  client.line = '';
}

function onChunkSize(client) {
  // An empty line ends the previous chunk.
  if (client.line !== '\r\n') client.left = parseInt(client.line, 16);
  client.line = '';
}

function onBody(client, bytes, start, end) {
  if (expected === 0) return;
  const known = Math.min(end - start, length - client.offset);
  const isSame = reference.compare(bytes, start, start + known, client.offset, client.offset + known) === 0;
  if (!isSame) return fail(new Error('WRONG: two streams got different bytes'));
  append(bytes, start + known, end);
  client.offset += end - start;
  const endsWithFrame = reference[length - 1] === LINE_FEED && reference[length - 2] === LINE_FEED;
  if (frames >= expected && endsWithFrame && client.offset === length && !client.isDone) complete(client);
}

function append(bytes, start, end) {
  if (start === end) return;
  const previous = length;
  length += bytes.copy(reference, length, start, end);
  // Only frames with an id are events; keep-alives have none.
  const text = reference.subarray(Math.max(0, previous - 4), length);
  for (let at = text.indexOf('\nid: '); at >= 0; at = text.indexOf('\nid: ', at + 1)) frames += 1;
}

function complete(client) {
  client.isDone = true;
  incomplete -= 1;
  if (incomplete > 0) return;
  const at = epochNow();
  const ids = [...reference.latin1Slice(0, length).matchAll(/^id: (.+)$/gm)].map(([, id]) => id);
  const distinct = new Set(ids).size;
  if (ids.length !== expected || distinct !== expected)
    return fail(new Error(`WRONG: ${ids.length} frames with ${distinct} ids instead of ${expected}`));
  expected = 0;
  process.send({ received: { begunAt, at } });
}

function fail(error) {
  process.send({ error: String(error.stack) }, () => process.exit(1));
}
