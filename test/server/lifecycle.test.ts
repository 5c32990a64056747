import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { createServer, type Server, type ServerEvents } from 'multisocket';
import { ask, queryBytes, TcpClient, udpExchange } from '../support/clients.js';
import { fixture, serve, until } from '../support/server.js';

const options = { listen: '127.0.0.1:0', sockets: 2, workers: 2, filename: fixture };
const descriptors = (): number => readdirSync('/proc/self/fd').length;

/** The names of the events that a server emits, in their order. */
function record(server: Server): (keyof ServerEvents)[] {
  const events: (keyof ServerEvents)[] = [];
  for (const name of ['listening', 'close', 'error', 'warning'] as const) server.on(name, () => events.push(name));
  return events;
}

describe('a server', () => {
  it('emits listening and close, once each', async () => {
    const server = createServer(options);
    const events = record(server);
    assert.equal(await server.listen(), server);
    assert.deepEqual(events, ['listening']);
    await server.close();
    assert.deepEqual(events, ['listening', 'close']);
  });

  it('listens once: a second listen() rejects, and does no harm', async () => {
    const server = createServer(options);
    const listening = server.listen();
    await assert.rejects(server.listen(), { code: 'ERR_SERVER_ALREADY_LISTEN', message: /starting/ });
    await listening;
    await assert.rejects(server.listen(), { code: 'ERR_SERVER_ALREADY_LISTEN', message: /listening/ });
    assert.equal((await ask(server.addresses()[0].port, 'example.org')).rcode, 'NOERROR');
    await server.close();
    await assert.rejects(server.listen(), { code: 'ERR_SERVER_ALREADY_LISTEN', message: /closed/ });
  });

  it('may be closed twice, at the same time and later', async () => {
    const server = createServer(options);
    const events = record(server);
    await server.listen();
    await Promise.all([server.close(), server.close()]);
    await server.close();
    assert.deepEqual(events, ['listening', 'close']);
  });

  it('may be closed before it listens, and does not listen then', async () => {
    const server = createServer(options);
    await server.close();
    await assert.rejects(server.listen(), { code: 'ERR_SERVER_ALREADY_LISTEN' });
  });

  it('may be closed while it starts', async () => {
    const server = createServer(options);
    const listening = server.listen();
    const closing = server.close();
    await listening;
    await closing;
    assert.deepEqual(server.addresses(), []);
  });

  it('has neither addresses nor sockets before and after', async () => {
    const server = createServer(options);
    assert.deepEqual([server.addresses(), server.stats().sockets, server.stats().workers], [[], [], []]);
    await server.listen();
    await server.close();
    assert.deepEqual([server.addresses(), server.stats().sockets, server.stats().workers], [[], [], []]);
  });

  it('closes when its signal is aborted', async () => {
    const abort = new AbortController();
    const { server, port } = await serve({ signal: abort.signal });
    const closed = once(server, 'close');
    abort.abort();
    await closed;
    assert.equal(await udpExchange(queryBytes('example.org'), port, '127.0.0.1', 100), undefined);
  });

  it('does not listen with a signal that is aborted already, or is as it starts', async () => {
    await assert.rejects(createServer({ ...options, signal: AbortSignal.abort() }).listen(), { name: 'AbortError' });
    const abort = new AbortController();
    const server = createServer({ ...options, signal: abort.signal });
    const listening = server.listen();
    abort.abort();
    await assert.rejects(listening, { name: 'AbortError' });
    assert.deepEqual(server.addresses(), []);
  });

  it('closes at the end of its scope, with await using', async () => {
    let closed = false;
    {
      await using server = createServer(options);
      await server.listen();
      server.once('close', () => (closed = true));
    }
    assert.ok(closed);
  });

  it('raises a warning that nobody listens to as a warning of the process', async () => {
    const server = createServer(options);
    await server.listen();
    const warned = once(process, 'warning') as Promise<[Error & { code?: string }]>;
    await ask(server.addresses()[0].port, 'throw.example.org');
    assert.equal((await warned)[0].code, 'ERR_MULTISOCKET_HANDLER_THREW');
    await server.close();
  });
});

describe('fifty servers, one after the other', () => {
  for (const workers of [0, 1]) {
    it(`leave no descriptor open: workers ${workers}`, async () => {
      const cycle = async (): Promise<void> => {
        const { server, port } = await serve({ sockets: 4, workers });
        assert.ok(await udpExchange(queryBytes('example.org'), port));
        const client = await TcpClient.connect(port);
        assert.ok(await client.exchange(queryBytes('example.org')));
        await server.close();
        client.close();
      };
      await cycle();
      const before = descriptors();
      for (let i = 0; i < 50; i++) await cycle();
      await until(() => descriptors() <= before, `${before} descriptors before`);
    });
  }

  it('that fail to listen leave none open either', async () => {
    const { server, port } = await serve();
    const before = descriptors();
    for (let i = 0; i < 50; i++) {
      const second = createServer({ ...options, listen: ['127.0.0.1:0', `127.0.0.1:${port}`] });
      await assert.rejects(second.listen(), { code: 'EADDRINUSE' });
    }
    await until(() => descriptors() <= before, `${before} descriptors before`);
    await server.close();
  });
});
