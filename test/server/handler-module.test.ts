import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import type { TxtAnswer } from 'dns-packet';
import { createServer, type Logger, type ServerOptions } from 'multisocket';
import { ask } from '../support/clients.js';
import { serve } from '../support/server.js';

const fixture = (name: string): URL => new URL(`./fixtures/${name}`, import.meta.url);

function recorder(): { logger: Logger; lines: string[] } {
  const lines: string[] = [];
  const log =
    (level: string): ((message: string) => void) =>
    (message) =>
      lines.push(`${level}: ${message}`);
  return { logger: { debug: log('debug'), info: log('info'), warn: log('warn'), error: log('error') }, lines };
}

async function facts(port: number): Promise<Record<string, unknown>> {
  const [answer] = (await ask(port, 'example.org', 'TXT')).answers as TxtAnswer[];
  return JSON.parse(String((answer.data as Buffer[])[0])) as Record<string, unknown>;
}

describe('a handler module', () => {
  it('is given what the options say: workerData, env, execArgv, resourceLimits', async () => {
    const { logger } = recorder();
    const { server, port } = await serve({
      filename: fixture('context.js'),
      sockets: 1,
      workers: 1,
      workerData: { zone: 'example.org' },
      env: { MULTISOCKET_TEST: 'from the options' },
      execArgv: ['--no-warnings'],
      resourceLimits: { maxOldGenerationSizeMb: 64 },
      logger,
    });
    assert.deepEqual(await facts(port), {
      workerData: { zone: 'example.org' },
      index: 0,
      env: 'from the options',
      execArgv: ['--no-warnings'],
      maxOldGenerationSizeMb: 64,
    });
    await server.close();
  });

  for (const workers of [0, 2]) {
    it(`is set up before the first query, aborted and closed after the last, and logs: workers ${workers}`, async () => {
      const { logger, lines } = recorder();
      const { server, port } = await serve({ filename: fixture('context.js'), workers, logger });
      const indexes = workers === 0 ? [0] : [0, 1];
      assert.deepEqual(
        lines.sort(),
        indexes.map((index) => `info: set up ${index}`),
      );
      assert.ok(indexes.includes((await facts(port)).index as number));
      lines.length = 0;
      await server.close();
      assert.deepEqual(
        lines.sort(),
        ['error: closed', 'warn: aborted'].flatMap((line) => indexes.map((index) => `${line} ${index}`)),
      );
    });
  }

  it('may be a path, a file: URL as text, or CommonJS', async () => {
    for (const filename of [fileURLToPath(fixture('common.cjs')), fixture('common.cjs').href]) {
      const { server, port } = await serve({ filename });
      assert.equal((await ask(port, 'example.org')).rcode, 'REFUSED');
      await server.close();
    }
  });

  const failures: [name: string, options: Partial<ServerOptions>, error: object][] = [
    ['is missing', { filename: fixture('absent.js') }, { code: 'ERR_MODULE_NOT_FOUND', message: /absent\.js/ }],
    ['throws', { filename: fixture('throws.js') }, { message: 'thrown as the module was loaded' }],
    ['has no handler', { filename: fixture('no-handler.js') }, { code: 'ERR_INVALID_ARG_VALUE', message: /filename/ }],
    [
      'fails to set up',
      { filename: fixture('faulty.js'), workerData: { version: 'broken' } },
      { message: 'this version does not start' },
    ],
  ];
  for (const workers of [0, 2]) {
    for (const [name, options, error] of failures) {
      it(`that ${name} makes listen() reject, and leaves nothing open: workers ${workers}`, async () => {
        const server = createServer({ listen: '127.0.0.1:0', sockets: 2, workers, ...options });
        await assert.rejects(server.listen(), error);
        assert.deepEqual(server.addresses(), []);
        assert.deepEqual(server.stats().sockets, []);
        await server.close();
      });
    }
  }
});

describe('workers: 0', () => {
  it('serves with a function, on the calling thread', async () => {
    const asked: string[] = [];
    const { server, port } = await serve({
      workers: 0,
      handler: ({ name }, reply) => {
        asked.push(name);
        reply.rcode = 'NXDOMAIN';
      },
    });
    assert.equal((await ask(port, 'Here.Example.ORG')).rcode, 'NXDOMAIN');
    assert.deepEqual(asked, ['Here.Example.ORG']);
    assert.equal(server.stats().workers.length, 1);
    await server.close();
  });
});
