import assert from 'node:assert/strict';
import packet from 'dns-packet';
import type { ForwardOptions } from '../../../dist/directives/forward/options.js';
import { makeCertificate } from '../../support/certificate.js';
import { ask, queryBytes, TcpClient, udpExchange } from '../../support/clients.js';
import { until } from '../../support/server.js';
import { answer, replyTo, ScriptedUpstream, type Script } from '../../support/upstream.js';
import { at, serveForward } from './serve.js';

/** Asks, with time for the upstreams to be tried one after the other; the response code. */
async function rcode(port: number, name = 'example.org'): Promise<string> {
  const answered = await udpExchange(queryBytes(name), port, '127.0.0.1', 8000);
  assert.ok(answered, 'an answer came');
  return (packet.decode(answered.reply) as unknown as { rcode: string }).rcode;
}

const silent: Script = () => undefined;
const refuse: Script = ({ message, send }) => {
  send(replyTo(message, { flags: 5, answers: [] }));
};

describe('forward to upstreams that fail', () => {
  const upstreams: ScriptedUpstream[] = [];
  async function start(...scripts: Script[]): Promise<ScriptedUpstream[]> {
    for (const script of scripts) upstreams.push(await ScriptedUpstream.start(script));
    return upstreams;
  }
  afterEach(async () => {
    for (const upstream of upstreams.splice(0)) await upstream.close();
  });
  const to = (): ForwardOptions['upstreams'] => upstreams.map(({ port }) => at(port));
  /** Questions of the tests, without those of health checks. */
  const questions = ({ asked }: ScriptedUpstream): number =>
    asked.filter(({ decoded }) => decoded.questions![0].name !== '.').length;

  it('answers SERVFAIL within 5 s when there is nothing but silence', async () => {
    const [only] = await start(silent);
    await using server = await serveForward({ upstreams: to() });
    const began = performance.now();
    assert.equal(await rcode(server.port), 'SERVFAIL');
    assert.ok(performance.now() - began < 5500);
    assert.equal(questions(only), 2);
  });

  it('asks the next one, and the other again when that one is silent too', async () => {
    const [first, second] = await start(silent, silent);
    await using server = await serveForward({ upstreams: to() });
    second.script = () => {
      first.script = answer;
      second.script = silent;
    };
    assert.equal(await rcode(server.port), 'NOERROR');
    assert.deepEqual([questions(first), questions(second)], [2, 1]);
  });

  it('takes an answer that comes late, if nobody else was faster', async () => {
    const [only] = await start((asked) => {
      setTimeout(answer, 1000, asked, only);
    });
    await using server = await serveForward({ upstreams: to() });
    assert.equal(await rcode(server.port), 'NOERROR');
    assert.equal(questions(only), 1);
  });

  it('answers at once when nobody is there, by UDP and by TCP', async () => {
    const [gone] = await start(answer);
    await gone.close();
    for (const forceTcp of [false, true]) {
      await using server = await serveForward({ upstreams: to(), forceTcp, readTimeout: 10_000 });
      const began = performance.now();
      assert.equal(await rcode(server.port), 'SERVFAIL');
      assert.ok(performance.now() - began < 4500);
    }
  });

  it('finds an upstream again that was gone', async () => {
    const [only] = await start(answer);
    await using server = await serveForward({
      upstreams: to(),
      healthCheck: { interval: 20, recursionDesired: true, domain: '.' },
    });
    assert.equal(await rcode(server.port), 'NOERROR');
    await only.close();
    assert.equal(await rcode(server.port), 'SERVFAIL');
    await only.open();
    assert.equal(await rcode(server.port), 'NOERROR');
  });

  it('asks as often as max_connect_attempts says', async () => {
    const [first, second] = await start(silent, answer);
    await using server = await serveForward({ upstreams: to(), maxAttempts: 1 });
    assert.equal(await rcode(server.port), 'SERVFAIL');
    assert.deepEqual([questions(first), questions(second)], [1, 0]);
  });

  describe('checks the health', () => {
    const healthCheck = { interval: 20, recursionDesired: false, domain: 'health.example' };
    const checks = ({ asked }: ScriptedUpstream): typeof asked =>
      asked.filter(({ decoded }) => decoded.questions![0].name === 'health.example');

    it('of an upstream that has failed, until it answers anything, and leaves it alone meanwhile', async () => {
      const [first, second] = await start(silent, answer);
      await using server = await serveForward({ upstreams: to(), healthCheck });
      assert.equal(await rcode(server.port), 'NOERROR');
      // Each check takes a second to fail.
      first.script = ({ decoded, send, message }) => {
        if (decoded.questions![0].name === 'health.example' && checks(first).length > 4) {
          send(replyTo(message, { flags: 5, answers: [] }));
        }
      };
      await until(() => checks(first).length === 4, 'checks');
      const before = questions(first) - checks(first).length;
      assert.equal(await rcode(server.port), 'NOERROR');
      assert.equal(questions(first) - checks(first).length, before, 'it is down and was not asked');
      await until(() => checks(first).length === 5, 'a check that is answered');
      first.script = answer;
      await new Promise((resolve) => setTimeout(resolve, 100));
      assert.equal(await rcode(server.port), 'NOERROR');
      assert.equal(questions(first) - checks(first).length, before + 1, 'it is asked again');
      assert.equal(checks(first).length, 5, 'it is well and was not checked');
      assert.equal(checks(second).length, 0);
      const [{ decoded }] = checks(first);
      assert.deepEqual([decoded.questions![0].type, decoded.flag_rd], ['NS', false]);
    });

    it('never with max_fails 0', async () => {
      const [first] = await start(silent, answer);
      await using server = await serveForward({ upstreams: to(), healthCheck, maxFails: 0 });
      assert.equal(await rcode(server.port), 'NOERROR');
      await new Promise((resolve) => setTimeout(resolve, 200));
      assert.equal(checks(first).length, 0);
    });

    for (const failfast of [false, true]) {
      it(`when all are down: ${failfast ? 'SERVFAIL with failfast' : 'any one is asked'}`, async () => {
        const [only] = await start(answer);
        await only.close();
        await using server = await serveForward({ upstreams: to(), healthCheck, maxFails: 1, failfast });
        assert.equal(await rcode(server.port), 'SERVFAIL');
        await new Promise((resolve) => setTimeout(resolve, 200));
        only.script = ({ decoded, message, send }) => {
          if (decoded.questions![0].name !== 'health.example') send(replyTo(message));
        };
        await only.open();
        assert.equal(await rcode(server.port), failfast ? 'SERVFAIL' : 'NOERROR');
        assert.equal(questions(only) - checks(only).length, failfast ? 0 : 1);
      });
    }
  });

  describe('chooses', () => {
    const counts = (): number[] => upstreams.map(questions);
    const askTimes = async (port: number, times: number): Promise<void> => {
      for (let i = 0; i < times; i++) assert.equal(await rcode(port), 'NOERROR');
    };

    it('always the first one with policy sequential', async () => {
      await start(answer, answer);
      await using server = await serveForward({ upstreams: to(), policy: 'sequential' });
      await askTimes(server.port, 6);
      assert.deepEqual(counts(), [6, 0]);
    });

    it('one after the other with policy round_robin', async () => {
      await start(answer, answer, answer);
      await using server = await serveForward({ upstreams: to(), policy: 'round_robin' });
      await askTimes(server.port, 9);
      assert.deepEqual(counts(), [3, 3, 3]);
    });

    it('any one with policy random', async () => {
      await start(answer, answer, answer);
      await using server = await serveForward({ upstreams: to(), policy: 'random' });
      await askTimes(server.port, 90);
      for (const count of counts()) assert.ok(count > 10 && count < 55, `${counts().join()} of 90`);
    });
  });

  it('refuses what comes beyond max_concurrent, and no more once there is an answer', async () => {
    const [only] = await start(silent);
    await using server = await serveForward({ upstreams: to(), maxConcurrent: 2 });
    const held = [rcode(server.port, 'a'), rcode(server.port, 'b')];
    await until(() => only.asked.length === 2, 'two queries');
    assert.equal(await rcode(server.port, 'c'), 'REFUSED');
    for (const asked of only.asked) answer(asked, only);
    assert.deepEqual(await Promise.all(held), ['NOERROR', 'NOERROR']);
    only.script = answer;
    assert.equal(await rcode(server.port, 'd'), 'NOERROR');
    assert.deepEqual(only.names(), ['a', 'b', 'd']);
  });

  describe('passes an answer over', () => {
    it('with failover, up to the last upstream', async () => {
      const [first, second] = await start(refuse, refuse, answer);
      await using server = await serveForward({ upstreams: to(), failover: ['REFUSED'] });
      assert.equal(await rcode(server.port), 'NOERROR');
      upstreams[2].script = refuse;
      assert.equal(await rcode(server.port), 'REFUSED');
      assert.deepEqual([questions(first), questions(second), questions(upstreams[2])], [2, 2, 2]);
    });

    it('to the next forward with next and next_on_nodata, and gives it where there is none', async () => {
      const [first, second] = await start(refuse, answer);
      await using server = await serveForward(
        { upstreams: [at(first.port)], next: ['REFUSED'], nextOnNodata: true },
        { upstreams: [at(second.port)], next: ['REFUSED'] },
      );
      assert.equal(await rcode(server.port), 'NOERROR');
      first.script = ({ message, send }) => {
        send(replyTo(message, { answers: [] }));
      };
      assert.equal((await ask(server.port, 'example.org')).answers!.length, 1);
      second.script = refuse;
      assert.equal(await rcode(server.port), 'REFUSED');
      assert.deepEqual([questions(first), questions(second)], [3, 3]);
    });
  });

  it('takes the names that it is for, without the exceptions; the first use has them', async () => {
    const [first, second] = await start(answer, answer);
    await using server = await serveForward(
      { upstreams: [at(first.port)], from: ['sub.example.org'], except: ['not.sub.example.org'] },
      { upstreams: [at(second.port)], from: ['example.org'], except: ['not.example.org'] },
    );
    for (const name of ['sub.example.org', 'a.Sub.example.org', 'x.not.sub.example.org', 'example.org']) {
      assert.equal(await rcode(server.port, name), 'NOERROR');
    }
    for (const name of ['example.net', 'xexample.org', 'a.not.example.org', 'org']) {
      assert.equal(await rcode(server.port, name), 'NOTIMP');
    }
    assert.deepEqual(first.names(), ['sub.example.org', 'a.Sub.example.org']);
    assert.deepEqual(second.names(), ['x.not.sub.example.org', 'example.org']);
  });

  describe('by TCP', () => {
    it('asks again, on a new connection, what a connection took with it that was closed', async () => {
      const [only] = await start((asked) => {
        answer(asked, only);
        only.script = ({ hangUp }) => {
          only.script = answer;
          hangUp();
        };
      });
      await using server = await serveForward({ upstreams: to(), forceTcp: true });
      assert.equal(await rcode(server.port, 'a'), 'NOERROR');
      assert.equal(await rcode(server.port, 'b'), 'NOERROR');
      assert.deepEqual(only.names('tcp'), ['a', 'b', 'b']);
      assert.equal(only.connections, 2);
    });

    it('gives up on an upstream that hangs up on each question', async () => {
      const [only] = await start(({ hangUp }) => {
        hangUp();
      });
      await using server = await serveForward({ upstreams: to(), forceTcp: true });
      assert.equal(await rcode(server.port), 'SERVFAIL');
      assert.equal(questions(only), 2);
    });

    it('takes answers in any order', async () => {
      const [only] = await start((asked) => {
        setTimeout(answer, asked.decoded.questions![0].name === 'a' ? 60 : 0, asked, only);
      });
      await using server = await serveForward({ upstreams: to() });
      const client = await TcpClient.connect(server.port);
      for (const name of ['a', 'b']) client.send(queryBytes(name));
      const names = [await client.next(), await client.next()].map((reply) => packet.decode(reply!).questions![0].name);
      client.close();
      assert.deepEqual(names, ['b', 'a']);
      assert.equal(only.connections, 1);
    });

    it('closes connections that have rested for as long as expire says', async () => {
      const [only] = await start(answer);
      await using server = await serveForward({ upstreams: to(), forceTcp: true, expire: 100 });
      assert.equal(await rcode(server.port), 'NOERROR');
      await new Promise((resolve) => setTimeout(resolve, 400));
      assert.equal(await rcode(server.port), 'NOERROR');
      assert.equal(only.connections, 2);
    });
  });

  describe('by TLS', () => {
    let certificate: Awaited<ReturnType<typeof makeCertificate>>;
    before(async () => {
      certificate = await makeCertificate('dns.example');
    });
    const tlsTo = (servername?: string): ForwardOptions['upstreams'] =>
      upstreams.map(({ port }) => at(port, { transport: 'tls', servername }));
    const trusting = (): ForwardOptions['tls'] => ({ cert: undefined, key: undefined, ca: certificate.cert });

    it('checks the certificate by the name that it is given, or by the address', async () => {
      upstreams.push(await ScriptedUpstream.start(answer, certificate));
      for (const servername of ['dns.example', undefined]) {
        await using server = await serveForward({ upstreams: tlsTo(servername), tls: trusting() });
        assert.equal(await rcode(server.port), 'NOERROR');
      }
      assert.equal(upstreams[0].asked.length, 2);
    });

    it('asks nothing of one with another name, or signed by nobody that is trusted', async () => {
      upstreams.push(await ScriptedUpstream.start(answer, certificate));
      await using wrongName = await serveForward({ upstreams: tlsTo('dns.example.net'), tls: trusting() });
      assert.equal(await rcode(wrongName.port), 'SERVFAIL');
      const nobody = { cert: undefined, key: undefined, ca: undefined };
      await using untrusted = await serveForward({ upstreams: tlsTo('dns.example'), tls: nobody });
      assert.equal(await rcode(untrusted.port), 'SERVFAIL');
      assert.equal(upstreams[0].asked.length, 0);
    });

    it('asks many questions on one connection', async () => {
      upstreams.push(await ScriptedUpstream.start(answer, certificate));
      await using server = await serveForward({ upstreams: tlsTo('dns.example'), tls: trusting() });
      await Promise.all(Array.from({ length: 50 }, (_, i) => rcode(server.port, `n${i}`)));
      assert.equal(upstreams[0].asked.length, 50);
      assert.equal(upstreams[0].connections, 1);
    });
  });
});
