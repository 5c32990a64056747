import assert from 'node:assert/strict';
import { Chain } from '../../dist/corefile/chain.js';
import { loadCorefile, type Corefile } from '../../dist/corefile/corefile.js';
import type { ChainHandler, WorkerDirective } from '../../dist/corefile/directive.js';
import type { DirectiveReader } from '../../dist/corefile/reader.js';
import { DirectiveRegistry } from '../../dist/corefile/registry.js';
import type { Handler } from '../../dist/message/handler.js';
import type { Query } from '../../dist/message/query.js';
import type { Reply } from '../../dist/message/reply.js';
import { createServer } from '../../dist/index.js';
import { ask } from '../support/clients.js';

const load = (text: string, registry: DirectiveRegistry): Corefile => loadCorefile(text, { registry, environment: {} });

/** Loads a Corefile with one directive, `d`, which is read by `read`. */
function configure(text: string, read: (uses: readonly DirectiveReader[]) => unknown): unknown {
  const registry = new DirectiveRegistry();
  registry.register({ name: 'd', setup: { configure: read } });
  return load(text, registry).blocks[0].directives[0].config;
}

describe('what a directive reads', () => {
  it('is all its uses in a block, with arguments and lines of their own', () => {
    const config = configure('a {\n d 1 2 {\n  x 3\n  y {\n   z\n  }\n }\n d\n}', (uses) =>
      uses.map(({ name, line, args, hasBlock, block }) => [
        name,
        line,
        args,
        hasBlock,
        block.map((inner) => [inner.name, inner.line, inner.args, inner.hasBlock, inner.block.map(({ name }) => name)]),
      ]),
    );
    assert.deepEqual(config, [
      [
        'd',
        2,
        ['1', '2'],
        true,
        [
          ['x', 3, ['3'], false, []],
          ['y', 4, [], true, ['z']],
        ],
      ],
      ['d', 8, [], false, []],
    ]);
  });

  it('comes with the zones of its block', () => {
    const registry = new DirectiveRegistry();
    registry.register({ name: 'd', setup: { configure: (_, { zones }) => zones } });
    assert.deepEqual(load('A.org 10.0.0.0/15 {\n d\n}', registry).blocks[0].directives[0].config, [
      'a.org',
      '0.10.in-addr.arpa',
      '1.10.in-addr.arpa',
    ]);
  });

  it('is kept as data that can be cloned', () => {
    assert.throws(() => configure('a {\n d\n}', () => () => undefined), { name: 'DataCloneError' });
  });

  const block = 'a {\n d 1 "2\n3" {\n  x 4\n }\n}';
  const faults: [string, string, (use: DirectiveReader) => unknown, number, string][] = [
    [
      'too few arguments',
      'a {\n d 1\n}',
      (use) => use.arguments(2),
      2,
      "Error during parsing: Wrong argument count or unexpected line ending after '1'",
    ],
    [
      'no arguments',
      'a {\n d\n}',
      (use) => use.arguments(1, 2),
      2,
      "Error during parsing: Wrong argument count or unexpected line ending after 'd'",
    ],
    [
      'too many arguments',
      'a {\n d 1 2 3\n}',
      (use) => use.arguments(1, 2),
      2,
      "Error during parsing: Wrong argument count or unexpected line ending after '3'",
    ],
    [
      'a block in place of arguments',
      'a {\n d {\n }\n}',
      (use) => use.arguments(1),
      2,
      "Error during parsing: Unexpected token '{', expecting argument",
    ],
    [
      'a block where there is none',
      'a {\n d {\n }\n}',
      (use) => {
        use.refuseBlock();
      },
      2,
      "Error during parsing: Unexpected token '{', expecting argument",
    ],
    [
      'an option of another name',
      block,
      (use) => {
        throw use.block[0].syntaxError('y');
      },
      4,
      "Syntax error: Unexpected token 'x', expecting 'y'",
    ],
    [
      'an argument of another kind',
      block,
      (use) => {
        throw use.block[0].syntaxError('number', 0);
      },
      4,
      "Syntax error: Unexpected token '4', expecting 'number'",
    ],
    [
      'what it finds itself',
      block,
      (use) => {
        throw use.error('no');
      },
      2,
      'Error during parsing: no',
    ],
  ];
  for (const [what, text, read, line, message] of faults) {
    it(`is refused, with file and line: ${what}`, () => {
      assert.throws(() => configure(text, ([use]) => read(use)), {
        code: 'ERR_MULTISOCKET_COREFILE',
        file: 'Corefile',
        line,
        message: `plugin/d: Corefile:${line} - ${message}`,
      });
    });
  }

  it('passes when the arguments are as many as there may be', () => {
    assert.deepEqual(
      configure('a {\n d 1 2\n}', ([use]) => [use.arguments(2), use.arguments(0, 2), use.arguments(1, 3)]),
      [
        ['1', '2'],
        ['1', '2'],
        ['1', '2'],
      ],
    );
  });
});

describe('the directives of a block at work', () => {
  const runtime = { index: 0, logger: console, signal: new AbortController().signal, fatal: assert.ifError };

  /** Serves a handler on a socket of loopback, asks it one question, and returns the response code. */
  async function rcodeOf(handler: Handler): Promise<string> {
    await using server = createServer({ listen: '127.0.0.1:0', sockets: 1, workers: 0, handler });
    await server.listen();
    // dns-packet decodes it, which its types do not say.
    return ((await ask(server.addresses()[0].port, 'example.org')) as unknown as { rcode: string }).rcode;
  }

  /** Starts the chain of a block with directives that note what happens in `events`. */
  async function start(
    text: string,
    starts: Record<string, (events: string[]) => WorkerDirective | Promise<WorkerDirective>>,
  ) {
    const events: string[] = [];
    const registry = new DirectiveRegistry();
    for (const [name, directive] of Object.entries(starts)) {
      const begin = (): WorkerDirective | Promise<WorkerDirective> => {
        events.push(`start ${name}`);
        return directive(events);
      };
      registry.register({ name, setup: { configure: (uses) => uses.map(({ args }) => args), start: begin } });
    }
    const chain = Chain.start(load(text, registry).blocks[0], runtime, registry);
    return { events, chain };
  }

  const pass =
    (name: string, events: string[]): ChainHandler =>
    async (passed, reply, next) => {
      events.push(`${name} before`);
      await next(passed, reply);
      events.push(`${name} after`);
    };

  it('see a query in the order of the chain, not of the file, and may go on after the answer', async () => {
    const { events, chain } = await start('a {\n whoami\n cache\n log\n}', {
      whoami: (seen) => ({
        handle: (_, reply) => {
          seen.push('whoami');
          reply.rcode = 'NOERROR';
        },
      }),
      log: (seen) => ({ handle: pass('log', seen) }),
      cache: (seen) => ({ handle: pass('cache', seen) }),
    });
    const rcode = await rcodeOf((await chain).handle);
    const starts = ['start log', 'start cache', 'start whoami'];
    assert.deepEqual(events, [...starts, 'log before', 'cache before', 'whoami', 'cache after', 'log after']);
    assert.equal(rcode, 'NOERROR');
  });

  it('keep the query from those after them when they answer', async () => {
    const { events, chain } = await start('a {\n acl\n whoami\n}', {
      acl: () => ({
        handle: (_, reply) => {
          reply.rcode = 'REFUSED';
        },
      }),
      whoami: (seen) => ({
        handle: () => {
          seen.push('whoami');
        },
      }),
    });
    assert.equal(await rcodeOf((await chain).handle), 'REFUSED');
    assert.deepEqual(events, ['start acl', 'start whoami']);
  });

  it('have their object as this, and get their own configuration and runtime', async () => {
    class Answering implements WorkerDirective {
      constructor(readonly rcode: Reply['rcode']) {}
      handle(_: Query, reply: Reply): void {
        reply.rcode = this.rcode;
      }
    }
    const registry = new DirectiveRegistry();
    registry.register<Reply['rcode']>({
      name: 'd',
      setup: {
        configure: ([use]) => use.arguments(1)[0] as Reply['rcode'],
        start: (rcode, { zones, index }) => {
          assert.deepEqual([zones, index], [['a', 'b'], 3]);
          return new Answering(rcode);
        },
      },
    });
    const chain = await Chain.start(
      load('a b {\n d NXDOMAIN\n}', registry).blocks[0],
      { ...runtime, index: 3 },
      registry,
    );
    assert.equal(await rcodeOf(chain.handle), 'NXDOMAIN');
  });

  it('give REFUSED when none of them answers queries, SERVFAIL when the last passes one on', async () => {
    const silent = await start('a {\n d\n}', { d: () => ({}) });
    assert.equal(await rcodeOf((await silent.chain).handle), 'REFUSED');
    const passing = await start('a {\n d\n}', { d: (events) => ({ handle: pass('d', events) }) });
    assert.equal(await rcodeOf((await passing.chain).handle), 'SERVFAIL');
  });

  it('say whether they can answer yet', async () => {
    let ready = false;
    const { chain } = await start('a {\n d\n e\n}', { d: () => ({ ready: () => ready }), e: () => ({}) });
    assert.deepEqual((await chain).unready(), ['d']);
    ready = true;
    assert.deepEqual((await chain).unready(), []);
  });

  it('are closed when one cannot start, and the reason is passed on', async () => {
    const { events, chain } = await start('a {\n d\n e\n f\n}', {
      d: (seen) => ({
        close: () => {
          seen.push('close d');
        },
      }),
      e: () => Promise.reject(new Error('no')),
      f: () => ({}),
    });
    await assert.rejects(chain, { message: 'no' });
    assert.deepEqual(events, ['start d', 'start e', 'close d']);
  });

  it('are all closed, also when one fails to', async () => {
    const { events, chain } = await start('a {\n d\n e\n}', {
      d: () => ({
        close: () => {
          throw new Error('no');
        },
      }),
      e: (seen) => ({
        close: async () => {
          seen.push('close e');
        },
      }),
    });
    await assert.rejects((await chain).close(), { message: 'no' });
    assert.ok(events.includes('close e'));
  });
});
