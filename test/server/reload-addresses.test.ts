import assert from 'node:assert/strict';
import { createServer, type Server, type ServerOptions } from 'multisocket';
import { makeCertificate } from '../support/certificate.js';
import { ask, run } from '../support/clients.js';

const filename = new URL('./fixtures/versioned.js', import.meta.url);

async function serve(options: Partial<ServerOptions> = {}): Promise<Server> {
  const server = createServer({ listen: '127.0.0.1:0', sockets: 2, workers: 2, filename, workerData: 1, ...options });
  await server.listen();
  return server;
}

const shown = (server: Server): string[] =>
  server.addresses().map(({ transport, address }) => `${transport} ${address}`);

describe('reload() with addresses', () => {
  it('keeps those that are there, whatever their order, with the number of sockets that is said', async () => {
    const server = await serve({ listen: ['127.0.0.1:0', '127.0.0.2:0'] });
    const [first] = server.addresses();
    await server.resize(3);
    await server.reload();
    assert.equal(server.stats().sockets.length, 3 * 2 * 2, 'without the option nothing is resized');
    await server.reload({ listen: ['127.0.0.3:0', { address: '127.0.0.1', port: 0, sockets: 1 }] });
    assert.deepEqual(shown(server), ['dns 127.0.0.3', 'dns 127.0.0.1']);
    assert.deepEqual(server.addresses()[1], first);
    assert.equal(server.stats().sockets.length, 2 * 2 + 2);
    for (const { port, address } of server.addresses()) {
      if (address === '127.0.0.1') assert.equal((await ask(port, 'a.example.org', 'TXT')).rcode, 'NOERROR');
    }
    await server.resize(2, 1);
    assert.equal(server.stats().sockets.filter(({ address }) => address === '127.0.0.1').length, 4);
    await server.close();
  });

  it('opens tls:// with the certificate that comes with it', async () => {
    const server = await serve();
    const certificate = await makeCertificate();
    await assert.rejects(server.reload({ listen: 'tls://127.0.0.1:0' }), { code: 'ERR_INVALID_ARG_TYPE' });
    assert.deepEqual(shown(server), ['dns 127.0.0.1']);
    await server.reload({ listen: ['127.0.0.1:0', 'tls://127.0.0.1:0'], tls: certificate });
    const [, { port }] = server.addresses();
    const args = ['-p', String(port), `+tls-ca=${certificate.file}`, '+tls-hostname=localhost', '+retry=0'];
    assert.match(await run('kdig', ['@127.0.0.1', ...args, 'example.org', 'TXT']), /status: NOERROR/);
    await server.close();
  });

  it('keeps all as it was when one cannot be opened, or the handler does not start', async () => {
    const server = await serve();
    const before = server.addresses();
    const listen = [{ address: '127.0.0.1', port: 0, sockets: 4 }, '127.0.0.2:0'];
    // Of the networks for documentation (RFC 5737): no host has one of these.
    await assert.rejects(server.reload({ listen: [...listen, '192.0.2.1:0'] }), { code: 'EADDRNOTAVAIL' });
    const throws = new URL('./fixtures/throws.js', import.meta.url);
    await assert.rejects(server.reload({ listen, filename: throws }));
    const many = Array.from({ length: 65 }, (_, i) => ({ address: `127.0.1.${i}`, port: 0, sockets: 1 }));
    await assert.rejects(server.reload({ listen: many }), { code: 'ERR_MULTISOCKET_TOO_MANY_ADDRESSES' });
    assert.deepEqual(server.addresses(), before);
    assert.equal(server.stats().sockets.length, 4);
    assert.equal((await ask(before[0].port, 'a.example.org', 'TXT')).rcode, 'NOERROR');
    await server.close();
  });

  it('takes other bounds for connections', async () => {
    const server = await serve();
    await assert.rejects(server.reload({ tcp: { idleTimeout: 0 } }), { code: 'ERR_OUT_OF_RANGE' });
    await server.reload({ tcp: { idleTimeout: 100 } });
    await server.close();
  });
});
