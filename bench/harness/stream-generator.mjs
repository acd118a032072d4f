// Opens event streams over raw sockets and compares what each of them gets, byte by byte, with what the others get. A process
// of its own, forked by streams.mjs. Messages in: { open: { url, path, headers, clients, events? } }, { await: events }.
// Messages out: { opened }, { armed }, { received: { begunAt, at } } once every stream has got all the events, { error }.
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** So many connections are opened at the same time. */
const AT_ONCE = 100;
const PREAMBLE_MS = 300;

/** One for all sockets: each read is looked at before the next one happens. */
const buffer = Buffer.allocUnsafe(256 * 1024);
/** What the first stream to get so far was sent; it begins with a line break, so that every frame follows one. */
const reference = Buffer.alloc(32 * 1024 * 1024, '\n');
const clients = [];
let length = 1;
let frames = 0;
let wanted = 0;
let behind = 0;
let begunAt = 0;

process.on('message', (message) => {
  if (message.open) open(message.open).catch(fail);
  if (message.await) {
    arm(message.await);
    process.send({ armed: true });
  }
});

function arm(events) {
  length = 1;
  frames = 0;
  wanted = events;
  behind = clients.length;
  for (const client of clients) Object.assign(client, { offset: 1, isDone: false });
}

async function open({ url, path, headers, clients: count, events }) {
  const { hostname, port, host } = new URL(url);
  const head = `GET ${path} HTTP/1.1\r\nHost: ${host}\r\n${headers}\r\n`;
  if (events) wanted = events;
  begunAt = performance.timeOrigin + performance.now();
  for (let opened = 0; opened < count; opened += AT_ONCE) {
    const some = Math.min(AT_ONCE, count - opened);
    await Promise.all(Array.from({ length: some }, () => connectOne({ hostname, port: Number(port), head })));
  }
  // What is said for a beginning has no end that could be waited for.
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
    if (wanted > 0) behind += 1;
    clients.push(client);
    const socket = connect({
      host: hostname,
      port,
      onread: { buffer, callback: (size) => take(client, buffer.subarray(0, size)) },
    });
    socket.on('connect', () => socket.write(head));
    socket.on('error', reject);
    socket.on('close', () => fail(new Error('a stream was closed')));
  });
}

/** Takes the HTTP chunks apart. */
function take(client, bytes) {
  let at = 0;
  while (at < bytes.length) {
    if (client.left > 0) {
      const end = Math.min(bytes.length, at + client.left);
      body(client, bytes, at, end);
      client.left -= end - at;
      at = end;
      continue;
    }
    const newline = bytes.indexOf(10, at);
    client.line += bytes.latin1Slice(at, newline < 0 ? bytes.length : newline + 1);
    if (newline < 0) return true;
    at = newline + 1;
    if (client.inBody) sizeLine(client);
    else headLine(client);
  }
  return true;
}

function headLine(client) {
  if (client.line.startsWith('HTTP/1.1 ') && !client.line.startsWith('HTTP/1.1 200'))
    fail(new Error(client.line));
  if (/^transfer-encoding: chunked/i.test(client.line)) client.isChunked = true;
  if (client.line === '\r\n') {
    // Without chunks everything up to the end of the connection is the body.
    if (!client.isChunked) client.left = Infinity;
    client.inBody = true;
    client.opened();
  }
  client.line = '';
}

function sizeLine(client) {
  // The line break that ends a chunk stands alone.
  if (client.line !== '\r\n') client.left = parseInt(client.line, 16);
  client.line = '';
}

function body(client, bytes, from, to) {
  if (wanted === 0) return;
  const known = Math.min(to - from, length - client.offset);
  const isSame = reference.compare(bytes, from, from + known, client.offset, client.offset + known) === 0;
  if (!isSame) return fail(new Error('WRONG: two streams were sent different bytes'));
  append(bytes, from + known, to);
  client.offset += to - from;
  const isWhole = frames >= wanted && reference[length - 1] === 10 && reference[length - 2] === 10;
  if (isWhole && client.offset === length && !client.isDone) arrived(client);
}

function append(bytes, from, to) {
  if (from === to) return;
  const seen = length;
  length += bytes.copy(reference, length, from, to);
  // What is sent for the connection's sake has no id and is no frame.
  const text = reference.subarray(Math.max(0, seen - 4), length);
  for (let at = text.indexOf('\nid: '); at >= 0; at = text.indexOf('\nid: ', at + 1)) frames += 1;
}

function arrived(client) {
  client.isDone = true;
  behind -= 1;
  if (behind > 0) return;
  const at = performance.timeOrigin + performance.now();
  const ids = [...reference.latin1Slice(0, length).matchAll(/^id: (.+)$/gm)].map(([, id]) => id);
  if (ids.length !== wanted || new Set(ids).size !== wanted)
    return fail(new Error(`WRONG: ${ids.length} frames with ${new Set(ids).size} ids instead of ${wanted}`));
  wanted = 0;
  process.send({ received: { begunAt, at } });
}

function fail(error) {
  process.send({ error: String(error.stack) }, () => process.exit(1));
}
