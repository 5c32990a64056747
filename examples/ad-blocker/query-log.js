import { DatabaseSync } from 'node:sqlite';

/** The log of queries in an SQLite database, with one writer: the owner's thread. */
export class QueryLog {
  #database;
  #insert;

  constructor(path) {
    this.#database = new DatabaseSync(path);
    this.#database.exec(`PRAGMA journal_mode = WAL;
      PRAGMA synchronous = NORMAL;
      CREATE TABLE IF NOT EXISTS queries (
        time INTEGER NOT NULL, client TEXT NOT NULL, name TEXT NOT NULL, type TEXT NOT NULL,
        blocked INTEGER NOT NULL, rcode TEXT NOT NULL);
      CREATE INDEX IF NOT EXISTS by_time ON queries (time)`);
    this.#insert = this.#database.prepare('INSERT INTO queries VALUES (?, ?, ?, ?, ?, ?)');
  }

  /** Writes the rows of a worker in one transaction, which costs far less than one for each row. */
  write(rows) {
    this.#database.exec('BEGIN');
    for (const row of rows) this.#insert.run(...row);
    this.#database.exec('COMMIT');
  }

  close() {
    this.#database.close();
  }
}
