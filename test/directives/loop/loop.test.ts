import assert from 'node:assert/strict';
import { loadCorefile, type Corefile } from '../../../dist/corefile/corefile.js';
import { DirectiveRegistry } from '../../../dist/corefile/registry.js';
import { createServer, type Handler } from '../../../dist/index.js';
import { bind } from '../../../dist/directives/bind/setup.js';
import { LoopHandler, type LoopOptions } from '../../../dist/directives/loop/handler.js';
import { createProbe } from '../../../dist/directives/loop/probe.js';
import { loop } from '../../../dist/directives/loop/setup.js';
import { ask } from '../../support/clients.js';
import { freePort } from '../../support/free-port.js';
import { until } from '../../support/server.js';
import { at, serveForward } from '../forward/serve.js';

const registry = new DirectiveRegistry();
registry.register(bind);
registry.register(loop);
const load = (text: string): Corefile => loadCorefile(text, { registry, environment: {} });

describe('loop', () => {
  const TIMES = { wait: 300, giveUp: 3000 };
  const closing: (() => void | Promise<void>)[] = [];
  afterEach(async () => {
    for (const close of closing.splice(0)) await close();
  });

  /** Serves the directive before `next`, at a port where it looks for itself; what is fatal, and the probe's name. */
  async function serve(
    next: Handler,
    { zone = '.', port, delay = 0 }: { zone?: string; port?: number; delay?: number } = {},
  ): Promise<{ port: number; fatal: string[]; options: LoopOptions }> {
    const fatal: string[] = [];
    const own = port ?? (await freePort());
    const options = { ...createProbe(zone), zone, address: '127.0.0.1', port: own };
    const handler = new LoopHandler(options, true, (error) => fatal.push(error.message), TIMES);
    const handle: Handler = (query, reply) => handler.handle(query, reply, next);
    const server = createServer({ listen: `127.0.0.1:${own}`, sockets: 1, workers: 0, handler: handle });
    closing.push(async () => {
      handler.close();
      await server.close();
    });
    if (delay > 0) await new Promise((resolve) => setTimeout(resolve, delay));
    await server.listen();
    return { port: own, fatal, options };
  }

  it('is fatal when the server forwards to itself, in the words of CoreDNS', async () => {
    const port = await freePort();
    const forwarding = await serveForward({ upstreams: [at(port)] });
    closing.push(async () => {
      await forwarding[Symbol.asyncDispose]();
    });
    const { fatal, options } = await serve(
      (query, reply) =>
        forwarding.handler.handle(query, reply, (_, rest) => {
          rest.rcode = 'REFUSED';
        }),
      { port, zone: 'example.org' },
    );
    await until(() => fatal.length > 0, 'the loop to be found');
    assert.match(
      fatal[0],
      new RegExp(
        String.raw`^plugin/loop: Loop \(127\.0\.0\.1:\d+ -> 127\.0\.0\.1:${port}\) detected for zone "example\.org\.", ` +
          String.raw`see https://coredns\.io/plugins/loop#troubleshooting\. Query: "HINFO \d+\.\d+\.example\.org\."$`,
      ),
    );
    assert.ok(fatal[0].includes(options.name));
    assert.equal(fatal.length, 1);
  });

  it('is content with a server that answers by itself, and leaves all queries to the next handler', async () => {
    const names: string[] = [];
    const { port, fatal, options } = await serve((query, reply) => {
      names.push(`${query.key} ${query.type}`);
      reply.rcode = 'NXDOMAIN';
    });
    await until(() => names.length > 0, 'the probe');
    assert.deepEqual(names, [`${options.name} HINFO`]);
    assert.equal((await ask(port, 'example.org')).rcode, 'NXDOMAIN');
    assert.deepEqual(fatal, []);
  });

  it('asks until the server listens, and does not count what was not answered', async () => {
    let asked = 0;
    const { fatal } = await serve(
      (_, reply) => {
        asked++;
        if (asked < 5) reply.drop();
        else reply.rcode = 'REFUSED';
      },
      { delay: 400 },
    );
    await until(() => asked === 5, 'the fifth probe');
    assert.deepEqual(fatal, []);
  });

  it('does not watch any longer after its time', async () => {
    const { port, fatal, options } = await serve((_, reply) => {
      reply.rcode = 'REFUSED';
    });
    await new Promise((resolve) => setTimeout(resolve, TIMES.giveUp + 100));
    for (let i = 0; i < 4; i++) assert.equal((await ask(port, options.name, 'HINFO')).rcode, 'REFUSED');
    assert.deepEqual(fatal, []);
  });
});

describe('the directive loop', () => {
  it('asks the first address of its block for a name of its own in the first zone', () => {
    const configOf = (text: string): LoopOptions => load(text).blocks[0].directives.at(-1)?.config as LoopOptions;
    const { name, zone, address, port, seen } = configOf('example.org:5300 a {\n loop\n bind 127.0.0.2\n}');
    assert.match(name, /^\d+\.\d+\.example\.org$/);
    assert.deepEqual([zone, address, port, seen.byteLength], ['example.org', '127.0.0.2', 5300, 4]);
    const root = configOf('. {\n loop\n}');
    assert.match(root.name, /^\d+\.\d+$/);
    assert.deepEqual([root.zone, root.address, root.port], ['.', '', 53]);
    assert.notEqual(configOf('. {\n loop\n}').name, root.name);
  });

  const faults: [string, number, string][] = [
    ['. {\n loop x\n}', 2, "Wrong argument count or unexpected line ending after 'x'"],
    ['. {\n loop {\n }\n}', 2, "Unexpected token '{', expecting argument"],
    ['. {\n loop\n loop\n}', 3, 'this plugin can only be used once per Server Block'],
  ];
  for (const text of ['tls://. {\n loop\n}', '.:0 {\n loop\n}']) {
    it(`warns that it cannot ask itself: ${JSON.stringify(text)}`, () => {
      const [{ line, message }] = load(text).warnings;
      assert.equal(line, 2);
      assert.match(message, /no loop is looked for: the first address of the server block has to be of transport dns/);
    });
  }
  for (const [text, line, message] of faults) {
    it(`refuses ${JSON.stringify(text)}`, () => {
      assert.throws(() => load(text), {
        code: 'ERR_MULTISOCKET_COREFILE',
        message: `plugin/loop: Corefile:${line} - Error during parsing: ${message}`,
      });
    });
  }
});
