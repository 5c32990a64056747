// `node examples/sqlite/server.js names.db`: needs Node 22.13 or newer, for node:sqlite. Then, while it runs:
// `sqlite3 names.db "INSERT INTO records VALUES ('new.example', 'A', '192.0.2.1', 60)"`
import { DatabaseSync } from 'node:sqlite';
import { createServer } from 'multisocket';

const port = process.env.PORT ?? 5300;
const path = process.argv[2] ?? 'names.db';
const database = new DatabaseSync(path);
database.exec(`PRAGMA journal_mode = WAL;
  CREATE TABLE IF NOT EXISTS records (name TEXT NOT NULL, type TEXT NOT NULL, data TEXT NOT NULL, ttl INTEGER NOT NULL);
  CREATE INDEX IF NOT EXISTS by_name ON records (name, type)`);
database.close();

const server = createServer({
  listen: `127.0.0.1:${port}`,
  filename: new URL('./names.js', import.meta.url),
  workerData: { path },
});
await server.listen();
console.log(`listening on port ${port}`);
process.once('SIGINT', () => server.close());
