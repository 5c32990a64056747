import { randomUUID } from 'node:crypto';
import { readdir, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { replaceFile } from '../replace-file.js';

/** Octets that are gathered before they are written. */
const CHUNK = 1 << 20;
/** Milliseconds after which a temporary file that nobody has written to is what an ended process has left. */
const ABANDONED = 60_000;
/** Names of temporary files. No zone is named in them, so that `auto` does not take them for zone files. */
const TEMPORARY = /^signed-[\da-f-]{36}\.tmp$/;

/** Writes a text whole or not at all, as {@link replaceFile} does. Rejects as it does, and with the errors of `parts`. */
export async function writeAtomically(file: string, parts: AsyncIterable<string>): Promise<void> {
  const folder = dirname(file);
  await removeAbandoned(folder);
  await replaceFile(file, join(folder, `signed-${randomUUID()}.tmp`), async (handle) => {
    let chunk = '';
    for await (const part of parts) {
      chunk += part;
      if (chunk.length < CHUNK) continue;
      await handle.writeFile(chunk, 'latin1');
      chunk = '';
    }
    await handle.writeFile(chunk, 'latin1');
  });
}

/** Removes the temporary files of processes that were ended while they wrote. */
async function removeAbandoned(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (!TEMPORARY.test(name)) continue;
    const path = join(folder, name);
    if (Date.now() - (await stat(path)).mtimeMs > ABANDONED) await rm(path, { force: true });
  }
}
