/** Loads the native addon: a prebuilt binary, or the one that `npm run build:native` made. */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Addon } from './addon-interface.js';

/** The addon, or why it cannot be loaded. `MULTISOCKET_NATIVE=0` in the environment forbids it. */
export function loadNative(): Addon | Error {
  if (process.env.MULTISOCKET_NATIVE === '0') return new Error('MULTISOCKET_NATIVE=0 forbids it');
  // Bun loads addons, but has not the event loop, libuv's, that this one works on.
  if (process.versions.bun !== undefined) return new Error('Bun has no libuv');
  const load = createRequire(import.meta.url);
  const root = fileURLToPath(new URL('../..', import.meta.url));
  const found = attempt(() => (load('node-gyp-build') as (directory: string) => Addon)(root));
  // Of systems with musl it knows Alpine only: elsewhere it takes the binary for glibc.
  const musl = join(root, `prebuilds/linux-${process.arch}/multisocket.musl.node`);
  return found instanceof Error && existsSync(musl) && hasMusl() ? attempt(() => load(musl) as Addon) : found;
}

function attempt(load: () => Addon): Addon | Error {
  try {
    return load();
  } catch (error) {
    return error as Error;
  }
}

function hasMusl(): boolean {
  if (process.platform !== 'linux') return false;
  const { header } = process.report.getReport() as { header: { glibcVersionRuntime?: string } };
  return header.glibcVersionRuntime === undefined;
}
