/** What went wrong reaches `errors` in CoreDNS's words, and the event `warning`; and the options that change how it goes. */
import assert from 'node:assert/strict';
import packet from 'dns-packet';
import { makeCertificate } from '../../support/certificate.js';
import { ask } from '../../support/clients.js';
import { serveCorefile } from '../../support/corefile-server.js';
import { freePort } from '../../support/free-port.js';
import { answer, ScriptedUpstream, type Script } from '../../support/upstream.js';
import { at, serveForward } from './serve.js';

const silent: Script = () => undefined;
const FROM = '127\\.0\\.0\\.1:\\d+';

describe('forward tells why there is no answer', () => {
  let upstream: ScriptedUpstream;
  beforeEach(async () => {
    upstream = await ScriptedUpstream.start(silent);
  });
  afterEach(() => upstream.close());

  /** Asks once; what `errors` logged, and the warning. */
  async function told(
    forward: string,
    type: 'A' | 'AAAA' = 'A',
  ): Promise<{ log: string; warning: string; rcode: string }> {
    const served = await serveCorefile(`. {\n errors\n bind 127.0.0.1\n ${forward}\n}`, { dnsPort: 0, workers: 1 });
    const { rcode } = (await ask(served.port, 'A.example', type)) as unknown as { rcode: string };
    await served.server.close();
    const [log = ''] = served.log.filter((line) => line.includes('plugin/errors'));
    const failed = served.warnings.find(({ code }) => code === 'ERR_MULTISOCKET_REPLY_FAILED');
    return { log, warning: failed?.message ?? '', rcode };
  }

  it('nobody listens (UDP)', async () => {
    const port = await freePort();
    const { log, warning } = await told(`forward . 127.0.0.1:${port}`);
    const words = `read udp ${FROM}->127\\.0\\.0\\.1:${port}: read: connection refused`;
    assert.match(log, new RegExp(`^error plugin/errors: 2 A\\.example\\. A: ${words}$`));
    assert.match(warning, new RegExp(`${words}$`));
  });

  it('nobody listens (TCP)', async () => {
    const port = await freePort();
    const { log } = await told(`forward . 127.0.0.1:${port} {\n force_tcp\n}`, 'AAAA');
    assert.match(
      log,
      new RegExp(`2 A\\.example\\. AAAA: dial tcp 127\\.0\\.0\\.1:${port}: connect: connection refused$`),
    );
  });

  for (const [options, network] of [
    ['', 'udp'],
    ['force_tcp\n', 'tcp'],
  ]) {
    it(`silence (${network}), after read_timeout`, async () => {
      const began = performance.now();
      const { log } = await told(`forward . 127.0.0.1:${upstream.port} {\n ${options} read_timeout 300ms\n}`);
      assert.match(log, new RegExp(`: read ${network} ${FROM}->127\\.0\\.0\\.1:${upstream.port}: i/o timeout$`));
      assert.ok(performance.now() - began < 4500);
    });
  }

  it('a connection that ends', async () => {
    upstream.script = ({ hangUp }) => {
      hangUp();
    };
    assert.match((await told(`forward . 127.0.0.1:${upstream.port} {\n force_tcp\n}`)).log, /: EOF$/);
  });

  it('certificates: of another name, of nobody that is trusted, for an address', async () => {
    const certificate = await makeCertificate('dns.example');
    const secure = await ScriptedUpstream.start(answer, certificate);
    const to = `forward . tls://127.0.0.1:${secure.port}`;
    assert.match(
      (await told(`${to} {\n tls_servername other.example\n}`)).log,
      /: tls: failed to verify certificate: x509: /,
    );
    const unknown = /: tls: failed to verify certificate: x509: certificate signed by unknown authority$/;
    assert.match((await told(`${to} {\n tls_servername dns.example\n}`)).log, unknown);
    await secure.close();
  });

  it('a server that speaks no TLS', async () => {
    upstream.script = answer;
    const { log } = await told(`forward . tls://127.0.0.1:${upstream.port} {\n read_timeout 300ms\n}`);
    assert.match(log, /: (dial tcp|read tcp|EOF|tls: )/);
  });

  it('too many at a time', async () => {
    const served = await serveCorefile(
      `. {\n errors\n bind 127.0.0.1\n forward . 127.0.0.1:${upstream.port} {\n max_concurrent 1\n}\n}`,
      { dnsPort: 0, workers: 1 },
    );
    const first = ask(served.port, 'a.example');
    await new Promise((resolve) => setTimeout(resolve, 100));
    assert.equal(((await ask(served.port, 'b.example')) as unknown as { rcode: string }).rcode, 'REFUSED');
    for (const asked of upstream.asked) answer(asked, upstream);
    await first;
    await served.server.close();
    assert.ok(served.log.includes('error plugin/errors: 5 b.example. A: concurrent queries exceeded maximum 1'));
  });

  it('no directive left to answer', async () => {
    const { log, rcode } = await told(`forward b.example 127.0.0.1:${upstream.port}`);
    assert.equal(rcode, 'SERVFAIL');
    assert.match(log, /: plugin\/forward: no next plugin found$/);
  });

  it('to consolidate, whose patterns match it', async () => {
    const served = await serveCorefile(
      `. {\n errors {\n consolidate 5m ".* i/o timeout$" warning\n }\n bind 127.0.0.1\n forward . 127.0.0.1:${upstream.port} {\n read_timeout 100ms\n}\n}`,
      { dnsPort: 0, workers: 1 },
    );
    for (const name of ['a', 'b', 'c']) await ask(served.port, name);
    await served.server.close();
    const errors = served.log.filter((line) => line.includes('plugin/errors'));
    assert.equal(errors.length, 1);
    assert.match(errors[0], /3 errors like .* i\/o timeout/);
  });
});

describe('forward has options', () => {
  let upstream: ScriptedUpstream;
  beforeEach(async () => {
    upstream = await ScriptedUpstream.start();
  });
  afterEach(() => upstream.close());

  it('max_age: a connection of that age gets no other query', async () => {
    await using server = await serveForward({
      upstreams: [at(upstream.port)],
      forceTcp: true,
      maxAge: 200,
      expire: 200,
    });
    for (let i = 0; i < 8; i++) {
      await ask(server.port, `n${i}.example`);
      await new Promise((resolve) => setTimeout(resolve, 80));
    }
    assert.ok(upstream.connections >= 2, `${upstream.connections} connections`);
  });

  it('resolver and the names of hosts', async () => {
    upstream.script = answer;
    const resolver = await ScriptedUpstream.start(({ message, send, decoded }) => {
      send(replyWith(message, decoded.questions![0].type === 'A'));
    });
    const served = await serveCorefile(
      `. {\n bind 127.0.0.1\n forward . dns.example:${upstream.port} {\n resolver 127.0.0.1:${resolver.port}\n}\n}`,
      { dnsPort: 0, workers: 1 },
    );
    assert.equal((await ask(served.port, 'a.example')).answers!.length, 1);
    await served.server.close();
    await resolver.close();
  });

  it('a host without an address is an error that names it', async () => {
    await assert.rejects(
      serveCorefile('. {\n bind 127.0.0.1\n forward . no.such.host.invalid\n}', { dnsPort: 0, workers: 0 }),
      /no\.such\.host\.invalid/,
    );
  });

  it('source_address: queries leave from it', async () => {
    for (const forceTcp of [false, true]) {
      await using server = await serveForward({ upstreams: [at(upstream.port)], sourceAddress: '127.0.0.3', forceTcp });
      assert.equal((await ask(server.port, 'a.example')).answers!.length, 1);
    }
    assert.deepEqual(
      upstream.asked.map(({ address }) => address),
      ['127.0.0.3', '127.0.0.3'],
    );
  });
});

/** 127.0.0.1 for A, nothing for other types. */
function replyWith(query: Buffer, hasAddress: boolean): Buffer {
  const { id, questions } = packet.decode(query);
  return packet.encode({
    type: 'response',
    id,
    flags: packet.RECURSION_AVAILABLE,
    questions,
    answers: hasAddress ? [{ type: 'A', name: questions![0].name, ttl: 60, data: '127.0.0.1' }] : [],
  });
}
