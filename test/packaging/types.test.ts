import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const tsc = join(root, 'node_modules/typescript/bin/tsc');

/** A program that uses each entry of the package, and dns2 by its own types. */
const PROGRAM = `
import { createServer, type Handler, type Query, type Reply } from 'multisocket';
import { fromDns2, fromDnsPacket, withMultisocket } from 'multisocket/adapters';
import { openSockets } from 'multisocket/sockets';
import dns2 = require('dns2');

const handler: Handler = (query: Query, reply: Reply) => {
  reply.answer({ type: 'A', name: query.name, ttl: 300, data: '192.0.2.1' });
};
const served = withMultisocket(dns2);
const client = new served({ dns: '127.0.0.1' });
const server = served.createServer({
  udp: true,
  handle: (request, send, client) => {
    const response = dns2.Packet.createResponseFromRequest(request);
    const name: string = request.questions[0].name;
    response.answers.push({ name, type: 1, class: 1, ttl: 1, address: '192.0.2.1' } as dns2.Packet.Resource);
    send(response);
  },
});
server.on('error', (error, transport) => console.error(error.message, transport));
const typed: dns2.DnsHandler = (request, send) => { send(dns2.Packet.createResponseFromRequest(request)); };
export const handlers: Handler[] = [
  handler,
  fromDns2(dns2, typed),
  fromDns2(dns2, (request, send, client) => send(dns2.Packet.createResponseFromRequest(request))),
  fromDnsPacket(({ questions }, { address }) => ({
    type: 'response',
    answers: [{ type: 'A', name: questions![0].name, data: address }],
  })),
];
export const uses = [createServer({ listen: ':0', workers: 0, handler }), openSockets, client];
// @ts-expect-error: an option that does not exist
createServer({ listen: ':0', workers: 0, handler, socketz: 1 });
`;

const settings: [what: string, type: 'commonjs' | 'module', options: Record<string, unknown>][] = [
  ['CommonJS, node16', 'commonjs', { module: 'node16', moduleResolution: 'node16' }],
  ['CommonJS, nodenext', 'commonjs', { module: 'nodenext', moduleResolution: 'nodenext' }],
  ['CommonJS, node10', 'commonjs', { module: 'commonjs', moduleResolution: 'node10', ignoreDeprecations: '6.0' }],
  ['ES modules, node16', 'module', { module: 'node16', moduleResolution: 'node16' }],
  ['ES modules, bundler', 'module', { module: 'esnext', moduleResolution: 'bundler' }],
];

describe('the types of the package', function () {
  this.timeout(120_000);
  let directory: string;

  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'multisocket-'));
    // Not a link: the compiler resolves what the types import from where they are.
    const installed = join(directory, 'node_modules/multisocket');
    mkdirSync(installed, { recursive: true });
    cpSync(join(root, 'package.json'), join(installed, 'package.json'));
    cpSync(join(root, 'dist'), join(installed, 'dist'), { recursive: true });
    for (const name of ['@types', 'dns-packet', 'dns2', 'prom-client', 'undici-types']) {
      symlinkSync(join(root, 'node_modules', name), join(directory, 'node_modules', name));
    }
  });
  after(() => {
    rmSync(directory, { recursive: true });
  });

  for (const [what, type, options] of settings) {
    it(`${what}: a program type-checks`, async () => {
      const project = join(directory, what.replaceAll(/\W+/g, '-'));
      mkdirSync(project);
      const compilerOptions = {
        target: 'es2022',
        strict: true,
        noEmit: true,
        types: ['node'],
        skipDefaultLibCheck: true,
        ...options,
      };
      writeFileSync(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['main.ts'] }));
      writeFileSync(join(project, 'package.json'), JSON.stringify({ type }));
      const program =
        type === 'module' && options.module === 'esnext'
          ? PROGRAM.replace('import dns2 = require(', 'import dns2 from (')
          : PROGRAM;
      writeFileSync(join(project, 'main.ts'), program.replace("from ('dns2')", "from 'dns2'"));
      const { code, output } = await new Promise<{ code: number; output: string }>((resolve) => {
        execFile(process.execPath, [tsc, '-p', project], (error, stdout) => {
          resolve({ code: error === null ? 0 : 1, output: stdout });
        });
      });
      assert.equal(code, 0, output);
    });
  }
});
