import assert from 'node:assert/strict';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createServer, type HandlerModule, type ServerOptions } from 'multisocket';
import { fixture } from '../support/server.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

const directory = temporaryDirectory();
const base = { listen: '127.0.0.1:0', filename: fixture };
const make = (options: object): unknown => createServer({ ...base, ...options } as ServerOptions);

describe('an option that does not exist', () => {
  const cases: [options: object, message: RegExp][] = [
    [{ numSockets: 4 }, /"numSockets" option does not exist.*"sockets"/],
    [{ socket: 4 }, /"socket" option does not exist.*"sockets"/],
    [{ Workers: 1 }, /"Workers" option does not exist.*"workers"/],
    [{ tcp: { idleTimeOut: 4 } }, /"tcp\.idleTimeOut" option does not exist.*"tcp\.idleTimeout"/],
    [{ cache: { maxBytes: 65_536, servestale: 1 } }, /"cache\.servestale".*"cache\.serveStale"/],
    [{ cache: { maxBytes: 65_536, prefetch: { hit: 1 } } }, /"cache\.prefetch\.hit".*"cache\.prefetch\.hits"/],
    [{ cookies: { secret: [] } }, /"cookies\.secret".*"cookies\.secrets"/],
    [{ rateLimit: { responsePerSecond: 1 } }, /"rateLimit\.responsePerSecond".*"rateLimit\.responsesPerSecond"/],
    [{ sockets: 'auto', auto: { maximum: 3 } }, /"auto\.maximum" option does not exist/],
    [{ tls: { requestCerts: true } }, /"tls\.requestCerts".*"tls\.requestCert"/],
    [{ listen: { address: '127.0.0.1', prot: 53 } }, /"listen\.prot".*"listen\.port"/],
    [{ listen: ['127.0.0.1:0', { host: '127.0.0.1' }] }, /"listen\.host" option does not exist/],
  ];
  for (const [options, message] of cases) {
    it(`is refused, with the nearest one: ${JSON.stringify(options)}`, () => {
      assert.throws(() => make(options), { code: 'ERR_INVALID_ARG_VALUE', message });
    });
  }

  it('is refused by reload() as well', async () => {
    const server = createServer({ ...base, workers: 1 });
    await server.listen();
    const changes = { filenme: fixture } as object;
    await assert.rejects(server.reload(changes), { message: /"filenme" option does not exist.*"filename"/ });
    await server.close();
  });
});

describe('what cannot be served', () => {
  it('is refused with the transports that there are', () => {
    assert.throws(() => make({ listen: 'ftp://127.0.0.1:53' }), {
      message: /dns, tls, https, http, grpc.*udp or tcp.*'ftp:/,
    });
  });

  it('is refused with the name of the option: workerData that cannot be cloned', async () => {
    const server = createServer({ ...base, workers: 1, workerData: () => 1 });
    await assert.rejects(server.listen(), {
      code: 'ERR_INVALID_ARG_VALUE',
      message: /"workerData".*could not be cloned/,
    });
  });

  for (const workers of [0, 1]) {
    it(`is refused with file and line: a handler with a fault of syntax, workers ${workers}`, async () => {
      const file = join(mkdtempSync(join(directory, 'h-')), 'broken.mjs');
      writeFileSync(file, 'export default function handle() {\n  return;\n}}\n');
      const server = createServer({ ...base, workers, filename: file });
      await assert.rejects(server.listen(), { name: 'SyntaxError', message: /broken\.mjs:3/ });
    });
  }
});

describe('the types', () => {
  it('know the code of a warning and the type of workerData', () => {
    const server = createServer<{ zone: string }>({ ...base, workerData: { zone: 'example.org' } });
    server.on('warning', ({ code }) => {
      assert.equal(typeof code, 'string');
    });
    let seen = '';
    const module: HandlerModule<{ zone: string }> = {
      default: (_query, reply) => {
        reply.drop();
      },
      setup: ({ workerData }) => {
        seen = workerData.zone;
      },
    };
    assert.equal(typeof module.setup, 'function');
    assert.equal(seen, '');
    // @ts-expect-error a number is no zone
    createServer<{ zone: string }>({ ...base, workerData: { zone: 1 } });
  });
});
