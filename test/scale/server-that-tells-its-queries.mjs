// The server, writing down every query with parameters before it is sent.
import pg from 'pg';

const { query } = pg.Client.prototype;
pg.Client.prototype.query = function tellingQuery(text, values, ...rest) {
  const [sql, parameters] = typeof text === 'string' ? [text, values] : [text.text, text.values];
  if (Array.isArray(parameters)) process.stderr.write(`query ${JSON.stringify({ sql, parameters })}\n`);
  return query.call(this, text, values, ...rest);
};

await import('../../dist/main.js');
