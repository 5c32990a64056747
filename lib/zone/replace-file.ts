import { open, rename, rm, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Writes a file whole or not at all: a reader sees the old file or the new one, also after a crash. `write` fills `temporary`,
 * a path in the same folder, which is flushed to the disk and then renamed. A file or link that is there is removed first.
 *
 * Rejects with system errors and with those of `write`; the old file is then as it was.
 */
export async function replaceFile(
  file: string,
  temporary: string,
  write: (handle: FileHandle) => Promise<void>,
): Promise<void> {
  await rm(temporary, { force: true });
  const handle = await open(temporary, 'wx');
  try {
    try {
      await write(handle);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, file);
    await syncFolder(dirname(file));
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
