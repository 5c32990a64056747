import { randomUUID } from 'node:crypto';
import { open, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** Octets that are gathered before they are written. */
const CHUNK = 1 << 20;
/** Milliseconds after which a temporary file that nobody has written to is what an ended process has left. */
const ABANDONED = 60_000;
/** Names of temporary files. No zone is named in them, so that `auto` does not take them for zone files. */
const TEMPORARY = /^signed-[\da-f-]{36}\.tmp$/;

/**
 * Writes a file whole or not at all: a reader sees the old file or the new one, also after a crash. The parts go to a
 * temporary file in the same folder, which is flushed to the disk and then renamed.
 *
 * Rejects with system errors and with those of `parts`; the old file is then as it was.
 */
export async function writeAtomically(file: string, parts: AsyncIterable<string>): Promise<void> {
  const folder = dirname(file);
  await removeAbandoned(folder);
  const temporary = join(folder, `signed-${randomUUID()}.tmp`);
  const handle = await open(temporary, 'wx');
  try {
    try {
      let chunk = '';
      for await (const part of parts) {
        chunk += part;
        if (chunk.length < CHUNK) continue;
        await handle.writeFile(chunk, 'latin1');
        chunk = '';
      }
      await handle.writeFile(chunk, 'latin1');
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, file);
    await syncFolder(folder);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/** Flushes a rename to the disk. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Removes the temporary files of processes that were ended while they wrote. */
async function removeAbandoned(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (!TEMPORARY.test(name)) continue;
    const path = join(folder, name);
    if (Date.now() - (await stat(path)).mtimeMs > ABANDONED) await rm(path, { force: true });
  }
}
