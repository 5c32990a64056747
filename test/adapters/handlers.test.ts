import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import type { DecodedPacket, Packet } from 'dns-packet';
import type { Handler, Server } from 'multisocket';
import { fromDinodns, fromDns2, fromDnsPacket, fromNativeDns, withMultisocket } from 'multisocket/adapters';
import { ask, dig } from '../support/clients.js';
import { freePort } from '../support/free-port.js';
import { serve } from '../support/server.js';

const dns2 = createRequire(import.meta.url)('dns2') as {
  Packet: {
    parse(message: Buffer): unknown;
    createResponseFromRequest(request: unknown): { answers: object[]; toBuffer(): Buffer };
  };
};

describe('handlers of other libraries', () => {
  let server: Server;
  const answer = async (handler: Handler, name = 'example.org', type = 'A'): Promise<DecodedPacket> => {
    const { server: served, port } = await serve({ workers: 0, handler });
    server = served;
    return ask(port, name, type as 'A');
  };
  const rcodeOf = (message: DecodedPacket): string => (message as unknown as { rcode: string }).rcode;
  afterEach(() => server.close());

  it('dns-packet: a packet for a packet', async () => {
    const handler = fromDnsPacket((packet, client): Packet => {
      const { name } = packet.questions![0];
      assert.equal(client.address, '127.0.0.1');
      return { type: 'response', answers: [{ type: 'A', name, ttl: 60, data: '192.0.2.7' }] };
    });
    const { answers } = await answer(handler, 'eXample.org');
    assert.deepEqual(
      answers!.map((record) => ({ ...record })),
      [{ type: 'A', name: 'eXample.org', ttl: 60, class: 'IN', flush: false, data: '192.0.2.7' }],
    );
  });

  it('dns-packet: nothing for undefined', async () => {
    await assert.rejects(answer(fromDnsPacket(() => undefined)));
    assert.equal(server.stats().totals.handlerDropped, 1);
  });

  it('dns2: (request, send, rinfo)', async () => {
    const handler = fromDns2(dns2, (request: { questions: { name: string }[] }, send, client) => {
      const response = dns2.Packet.createResponseFromRequest(request);
      const [{ name }] = request.questions;
      response.answers.push({ name, type: 1, class: 1, ttl: 60, address: client.address });
      return send(response);
    });
    const { answers } = await answer(handler);
    assert.equal((answers![0] as { data: string }).data, '127.0.0.1');
  });

  it('dns2: one that throws is SERVFAIL', async () => {
    const handler = fromDns2(dns2, () => {
      throw new Error('no');
    });
    assert.equal(rcodeOf(await answer(handler)), 'SERVFAIL');
    assert.equal(server.stats().totals.handlerRejected, 1);
  });

  it('dns2: UDP and TCP on one port', async () => {
    const port = await freePort();
    const place = { port, address: '127.0.0.1' };
    const served = withMultisocket(dns2).createServer({
      udp: true,
      tcp: true,
      handle: (request, send) => send(dns2.Packet.createResponseFromRequest(request)),
    });
    server = served as never;
    await served.listen({ udp: place, tcp: place });
    const { udp, tcp } = served.addresses();
    assert.deepEqual([udp?.port, tcp?.port], [port, port]);
    for (const way of ['+notcp', '+tcp']) {
      assert.match(
        await dig('@127.0.0.1', '-p', String(port), '+norecurse', way, 'example.org', 'A'),
        /status: NOERROR/,
      );
    }
  });

  it('dns2: DoH with "ssl" needs a certificate', () => {
    server = { close: () => Promise.resolve() } as never;
    assert.throws(() => withMultisocket(dns2).createDOHServer({ ssl: true }), { code: 'ERR_INVALID_ARG_VALUE' });
  });

  it('native-dns: (request, response), records of each shape', async () => {
    const handler = fromNativeDns((request, response) => {
      const { name, type } = request.question[0];
      const records = {
        1: { name, type, ttl: 60, address: '192.0.2.1' },
        15: { name, type, ttl: 60, priority: 10, exchange: 'mx.example.org' },
        16: { name, type, ttl: 60, data: ['one', 'two'] },
        33: { name, type, ttl: 60, priority: 1, weight: 2, port: 3, target: 'host.example.org' },
      };
      response.header.aa = 1;
      response.answer.push(records[type as keyof typeof records]);
      setImmediate(() => {
        response.send();
      });
    });
    const expected: [type: string, data: unknown][] = [
      ['A', '192.0.2.1'],
      ['MX', { preference: 10, exchange: 'mx.example.org' }],
      ['TXT', [Buffer.from('one'), Buffer.from('two')]],
      ['SRV', { priority: 1, weight: 2, port: 3, target: 'host.example.org' }],
    ];
    for (const [type, data] of expected) {
      const message = await answer(handler, 'example.org', type);
      assert.equal(message.flag_aa, true);
      const [{ data: got }] = message.answers as unknown as { data: unknown }[];
      assert.deepEqual(typeof got === 'object' && !Array.isArray(got) ? { ...got } : got, data);
      await server.close();
    }
  });

  it('native-dns: what cannot be encoded is SERVFAIL', async () => {
    const handler = fromNativeDns((request, response) => {
      response.answer.push({ name: request.question[0].name, type: 1, ttl: 1, address: 'nonsense' });
      response.send();
    });
    assert.equal(rcodeOf(await answer(handler)), 'SERVFAIL');
  });

  it('dinodns: middleware, next, answers and errors', async () => {
    const seen: string[] = [];
    const handler = fromDinodns(
      (request, _response, next) => {
        seen.push(`${request.connection.type} ${request.connection.remoteAddress}`);
        next();
      },
      (request, response, next) => {
        const { name } = request.packet.questions[0];
        if (name === 'a.example') response.answer({ type: 'A', name, ttl: 60, data: '192.0.2.1' });
        else if (name === 'refused.example') response.errors.refused();
        else if (name === 'empty.example') response.resolve();
        else if (name === 'wrong.example') next(new Error('wrong'));
        else next();
      },
    );
    const expected: [name: string, rcode: string, answers: number][] = [
      ['a.example', 'NOERROR', 1],
      ['refused.example', 'REFUSED', 0],
      ['empty.example', 'NOERROR', 0],
      ['wrong.example', 'SERVFAIL', 0],
      ['other.example', 'NXDOMAIN', 0],
    ];
    for (const [name, rcode, answers] of expected) {
      const message = await answer(handler, name);
      assert.deepEqual([rcodeOf(message), message.answers!.length], [rcode, answers], name);
      await server.close();
    }
    assert.equal(seen[0], 'UDP 127.0.0.1');
  });
});
