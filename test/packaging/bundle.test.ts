import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type BuildOptions, type Plugin } from 'esbuild';

const root = fileURLToPath(new URL('../..', import.meta.url));
const binary = join(root, 'build/Release/multisocket.node');

/** Serves one query that it asks itself, and says how it went. `WORKERS`: how many workers. */
const PROGRAM = `
import { createSocket } from 'node:dgram';
import { createServer } from 'multisocket';
import { fromDnsPacket } from 'multisocket/adapters';

const server = createServer({
  listen: '127.0.0.1:0',
  workers: Number(process.env.WORKERS),
  ...(process.env.WORKERS === '0'
    ? { handler: fromDnsPacket(() => ({ type: 'response', flags: 5 })) }
    : { filename: process.env.HANDLER }),
});
server.on('warning', (warning) => console.log('warning', warning.message));
server.listen().then(
  () => {
    const socket = createSocket('udp4');
    socket.on('message', (reply) => {
      console.log('rcode', reply[3] & 15);
      socket.close();
      server.close();
    });
    socket.send(Buffer.from('123401000001000000000000016100000100' + '01', 'hex'), server.addresses()[0].port, '127.0.0.1');
  },
  (error) => console.log('error', error.code, error.message),
);
`;

/** Replaces `createRequire`, as webpack does. */
const replaceRequire: Plugin = {
  name: 'replace-require',
  setup(bundler) {
    bundler.onResolve({ filter: /^(?:node:)?module$/ }, () => ({ path: 'module', namespace: 'replaced' }));
    bundler.onLoad({ filter: /^/, namespace: 'replaced' }, () => ({
      contents: 'export const createRequire = () => undefined;',
    }));
  },
};

const formats: [name: string, file: string, options: BuildOptions][] = [
  ['CommonJS', 'bundle.cjs', { format: 'cjs' }],
  ['CommonJS without createRequire', 'replaced.cjs', { format: 'cjs', plugins: [replaceRequire] }],
  [
    'an ES module',
    'bundle.mjs',
    {
      format: 'esm',
      // What esbuild's documentation has for packages in CommonJS.
      banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
    },
  ],
];

describe('the package in a bundle', function () {
  this.timeout(60_000);
  let directory: string;

  before(async () => {
    directory = mkdtempSync(join(tmpdir(), 'multisocket-'));
    for (const [, file, options] of formats) {
      await build({
        stdin: { contents: PROGRAM, resolveDir: root },
        outfile: join(directory, file),
        bundle: true,
        platform: 'node',
        logLevel: 'silent',
        external: ['vega', 'vega-lite', '@grpc/grpc-js'],
        ...options,
      });
    }
  });
  after(() => {
    rmSync(directory, { recursive: true });
  });

  const run = async (file: string, workers = 0, handler = ''): Promise<string> => {
    const env = { ...process.env, WORKERS: String(workers), HANDLER: handler };
    const child = spawn(process.execPath, [file], { cwd: directory, env, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (text: Buffer) => (output += String(text)));
    await new Promise((resolve) => child.on('close', resolve));
    return output;
  };

  for (const [name, file] of formats) {
    it(`${name}, with its binary beside it, serves natively`, async () => {
      const place = join(directory, 'beside');
      mkdirSync(place, { recursive: true });
      copyFileSync(binary, join(place, 'multisocket.node'));
      copyFileSync(join(directory, file), join(place, file));
      assert.equal(await run(join(place, file)), 'rcode 5\n');
    });

    it(`${name} without it serves by JavaScript, and says in one line what to do`, async () => {
      const output = await run(join(directory, file));
      const [warning, rcode, ...rest] = output.trim().split('\n');
      assert.match(warning, /^warning .*bundled.*put it there, or mark "multisocket" as external/);
      assert.deepEqual([rcode, ...rest], ['rcode 5']);
    });

    it(`${name} with workers, whose module is not in it, says what to do`, async () => {
      const place = join(directory, 'beside');
      const handler = join(directory, 'handler.mjs');
      writeFileSync(handler, 'export default () => undefined;');
      const output = await run(join(place, file), 2, handler);
      assert.match(output, /^error ERR_MULTISOCKET_BUNDLED .*mark "multisocket" as external/);
    });
  }
});
