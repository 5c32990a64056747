/** Loads the native addon: the one that `npm run build:native` made, or a prebuilt one. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Addon } from './addon-interface.js';
import { bundled, MARK_AS_EXTERNAL, ownDirectory, packageFile } from './package-files.js';

const { platform, arch } = process;

/** Runtimes that load addons but have no libuv, on whose event loop this one works. */
const WITHOUT_LIBUV = { bun: 'Bun', deno: 'Deno' };

/**
 * The addon, or the reason why it cannot be loaded. In the environment, `MULTISOCKET_NATIVE=0` disables it, and
 * `MULTISOCKET_ADDON` is the path of the only file to load.
 */
export function loadNative(): Addon | Error {
  if (process.env.MULTISOCKET_NATIVE === '0') return new Error('MULTISOCKET_NATIVE=0 forbids it');
  const runtime = Object.entries(WITHOUT_LIBUV).find(([name]) => process.versions[name] !== undefined);
  if (runtime !== undefined) return new Error(`${runtime[1]} has no libuv`);
  const { MULTISOCKET_ADDON: chosen } = process.env;
  if (chosen !== undefined) return open(chosen);
  const directory = bundled ? ownDirectory : packageFile('.');
  const names = libcs().map((libc) => `multisocket${libc}.node`);
  const files = [
    'build/Release/multisocket.node',
    ...names.map((name) => `prebuilds/${platform}-${arch}/${name}`),
    ...(bundled ? [...names, 'multisocket.node'] : []),
  ]
    .map((file) => join(directory, file))
    .filter((file) => existsSync(file));
  let failure: Error | undefined;
  for (const file of files) {
    const loaded = open(file);
    if (!(loaded instanceof Error)) return loaded;
    failure ??= loaded;
  }
  if (failure !== undefined) return failure;
  return new Error(
    bundled
      ? `multisocket is bundled, and ${directory} has no multisocket.node: put it there, or ${MARK_AS_EXTERNAL}`
      : `no binary for ${platform} ${arch} in ${directory}`,
  );
}

/** The addon that a file has, or why it cannot be loaded. */
function open(file: string): Addon | Error {
  try {
    // Not `require`, which bundlers replace by their own.
    const loaded = { exports: {} };
    process.dlopen(loaded, file);
    return loaded.exports as Addon;
  } catch (error) {
    return error as Error;
  }
}

/**
 * The names of C libraries in file names of binaries, the likely one first: a binary for the other one cannot be
 * loaded.
 */
function libcs(): string[] {
  if (platform !== 'linux') return [''];
  return existsSync('/etc/alpine-release') ? ['.musl', '.glibc'] : ['.glibc', '.musl'];
}
