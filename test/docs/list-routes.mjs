// Prints the Express routes of the application as JSON: `[["GET", "/v1/incidents/:incidentId"], …]`.
import 'reflect-metadata';
import { createApp } from '../../dist/create-app.js';
import { loadConfig } from '../../dist/kernel/config/config.js';
import { Database } from '../../dist/kernel/persistence/database.js';

const config = loadConfig(process.env);
const silent = { log: () => undefined, warn: () => undefined, error: () => undefined };
const app = await createApp({ config, database: new Database(config.databaseUrl), extensions: [] }, silent);
await app.init();
const { stack } = app.getHttpAdapter().getInstance().router;
const routes = stack.flatMap(({ route }) =>
  Object.keys(route?.methods ?? {}).map((method) => [method.toUpperCase(), route.path]),
);
process.stdout.write(JSON.stringify(routes), () => process.exit(0));
