// The server, which logs every query with parameters before it is sent.
import pg from 'pg';

const { query: send } = pg.Client.prototype;
pg.Client.prototype.query = function loggedQuery(text, values, ...rest) {
  const [sql, parameters] = typeof text === 'string' ? [text, values] : [text.text, text.values];
  const query = { sql, parameters, isPlannedOnce: text.name !== undefined };
  if (Array.isArray(parameters)) process.stderr.write(`query ${JSON.stringify(query)}\n`);
  return send.call(this, text, values, ...rest);
};

await import('../../dist/main.js');
