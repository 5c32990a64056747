// Names from an SQLite database, which another program may change at any time. Each worker has its own connection.
import { DatabaseSync } from 'node:sqlite';

let database;
let find;
let known;

export function setup({ workerData }) {
  database = new DatabaseSync(workerData.path, { readOnly: true });
  find = database.prepare('SELECT data, ttl FROM records WHERE name = ? AND type = ?');
  known = database.prepare('SELECT 1 FROM records WHERE name = ? LIMIT 1');
}

/** @type {import('multisocket').Handler} */
export default function answer(query, reply) {
  const { key, name, type } = query;
  const rows = find.all(key, type);
  reply.authoritative = true;
  // Only types whose data is a text: A, AAAA, CNAME, NS, PTR, TXT.
  if (rows.length > 0) reply.answer(...rows.map(({ data, ttl }) => ({ type, name, ttl, data })));
  else reply.rcode = known.get(key) === undefined ? 'NXDOMAIN' : 'NOERROR';
}

export function close() {
  database.close();
}
