// Builds the addon for the package: `npm run build:prebuilds`, or `npm run build:prebuilds -- linux-x64-musl host ...` for
// some.
//
// prebuilds/<platform>-<arch>/multisocket.<libc>.node is where node-gyp-build and lib/native/load.ts look. Zig compiles for all targets on any
// machine, against an old glibc and with its own C++ library inside, so that a binary runs wherever Node itself does:
// `pip install ziglang`, or ZIG=/path/to/zig. `host` is this machine, by its own compiler.
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const zig = process.env.ZIG ?? 'python3 -m ziglang';

/** What Zig calls them; the glibc is the oldest that Node 20 runs on. */
const targets = {
  'linux-x64-glibc': 'x86_64-linux-gnu.2.28',
  'linux-x64-musl': 'x86_64-linux-musl',
  'linux-arm64-glibc': 'aarch64-linux-gnu.2.28',
  'linux-arm64-musl': 'aarch64-linux-musl',
};

/** Where the binary of a target is. */
function fileOf(name) {
  const [platform, arch, libc] = name.split('-');
  return `prebuilds/${platform}-${arch}/multisocket${libc === undefined ? '' : `.${libc}`}.node`;
}

/** The binaries that a package has. */
export function binaries() {
  return Object.keys(targets).map(fileOf);
}

function thisMachine() {
  const { header } = process.report.getReport();
  const libc = header.glibcVersionRuntime === undefined ? 'musl' : 'glibc';
  return `${process.platform}-${process.arch}${process.platform === 'linux' ? `-${libc}` : ''}`;
}

/** Builds in a copy of the sources: `build/` is the developer's own. */
function build(name, env) {
  const [platform, arch, libc] = name.split('-');
  const directory = mkdtempSync(join(tmpdir(), 'multisocket-prebuild-'));
  try {
    for (const part of ['binding.gyp', 'package.json', 'native']) {
      cpSync(join(root, part), join(directory, part), { recursive: true });
    }
    symlinkSync(join(root, 'node_modules'), join(directory, 'node_modules'));
    const prebuildify = join(root, 'node_modules/prebuildify/bin.js');
    const tags = libc === undefined ? [] : ['--tag-libc'];
    const args = [prebuildify, '--napi', '--quiet', ...tags, '--platform', platform, '--arch', arch, '--out', root];
    execFileSync(process.execPath, args, {
      cwd: directory,
      stdio: ['ignore', 'inherit', 'inherit'],
      env: { ...process.env, ...env, PREBUILD_LIBC: libc ?? '' },
    });
  } finally {
    rmSync(directory, { recursive: true });
  }
  const file = fileOf(name);
  console.log(`${file}  ${Math.round(statSync(join(root, file)).size / 1024)} KiB`);
}

/** `-s`: without symbols that only a debugger reads. */
function crossCompiler(target) {
  return { CC: `${zig} cc -target ${target}`, CXX: `${zig} c++ -target ${target}`, LDFLAGS: '-s' };
}

function main(names) {
  for (const name of names.length > 0 ? names : Object.keys(targets)) {
    if (name === 'host') build(thisMachine(), { LDFLAGS: '-s' });
    else if (targets[name] === undefined)
      throw new Error(`no such target: ${name} (${Object.keys(targets).join(', ')})`);
    else build(name, crossCompiler(targets[name]));
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main(process.argv.slice(2));
