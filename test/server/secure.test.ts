/** `server.secure()`: new certificates and other rules, for every listener there is and will be; and TLS sessions. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect as connectTcp } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls';
import { createServer, type ListenOptions, type Server, type ServerOptions, type TlsSettings } from 'multisocket';
import { makeCertificate, type Certificate } from '../support/certificate.js';
import { framed, queryBytes } from '../support/clients.js';
import { atMost, serve, until } from '../support/server.js';
import { encryptedClients, type Ask, type Identity } from '../support/stream-clients.js';

const faulty = new URL('./fixtures/faulty.js', import.meta.url);
const LISTEN = ['tls://127.0.0.1:0', 'https://127.0.0.1:0', 'grpc://127.0.0.1:0', 'dns://127.0.0.1:0'];
/** Connections that are tried, so that each socket and worker gets some. */
const TRIES = 8;

describe('the option tls', () => {
  it('is checked by createServer, which names what is invalid', async () => {
    const [one, other] = [await makeCertificate(), await makeCertificate()];
    const { cert, key } = one;
    for (const [tls, named] of [
      [undefined, 'tls'],
      [null, 'tls'],
      ['cert', 'tls'],
      [{}, 'tls.cert'],
      [{ cert: 'bad' }, 'tls.cert'],
      [{ cert: Buffer.from('bad'), key }, 'tls.cert'],
      [{ cert: 5, key }, 'tls.cert'],
      [{ cert }, 'tls.key'],
      [{ cert, key: 'bad' }, 'tls.key'],
      [{ cert, key: other.key }, 'tls.key'],
      [{ cert: key, key: cert }, 'tls.cert'],
      [{ cert, key, ca: 'bad' }, 'tls.ca'],
      [{ cert, key, ca: true }, 'tls.ca'],
      [{ cert, key, requestCert: 'yes' }, 'tls.requestCert'],
      [{ cert, key, minVersion: 'TLSv9' }, 'tls.minVersion'],
      [{ cert, key, ciphers: 'NONE' }, 'tls.ciphers'],
      [{ cert, key, ciphers: 5 }, 'tls.ciphers'],
    ] as const) {
      const options = { listen: 'tls://127.0.0.1:0', filename: faulty, tls } as unknown as ServerOptions;
      assert.throws(
        () => createServer(options),
        (error: Error & { code: string }) => {
          assert.match(error.code, /^ERR_INVALID_ARG_(TYPE|VALUE)$/);
          assert.ok(error.message.includes(`"${named}"`), `${named}: ${error.message}`);
          assert.ok(!error.message.includes('PRIVATE'), error.message);
          return true;
        },
      );
    }
    for (const ca of [undefined, null, cert, Buffer.from(cert + other.cert)])
      createServer({
        listen: 'tls://127.0.0.1:0',
        filename: faulty,
        tls: { cert, key, ...(ca === undefined ? {} : { ca }) },
      });
  });
});

describe('server.secure()', () => {
  let own: Certificate;
  let renewed: Certificate;
  let client: Certificate;
  let server: Server;

  const start = async (tls: Partial<TlsSettings> = {}, options: Partial<ServerOptions> = {}): Promise<void> => {
    const made = await serve({
      listen: LISTEN,
      sockets: 2,
      workers: 2,
      filename: faulty,
      tls: { ...own, ...tls },
      ...options,
    });
    server = made.server;
  };
  const portOf = (transport: string): number =>
    server.addresses().find((address) => address.transport === transport)!.port;
  const isAnswered = (ask: Ask, port: number, identity: Identity): Promise<boolean> =>
    ask(port, identity).then(
      (message) => message.length > 12,
      () => false,
    );
  /** Each transport refuses clients without a certificate, and admits one with: in every worker, on every socket. */
  const checkPolicy = async (when: string): Promise<void> => {
    const ca = [own.cert, renewed.cert].join('\n');
    for (const { name, transport, ask } of encryptedClients) {
      const port = portOf(transport);
      const strangers = await Promise.all(Array.from({ length: TRIES }, () => isAnswered(ask, port, { ca })));
      assert.deepEqual(strangers, Array(TRIES).fill(false), `${name} ${when}: without a certificate`);
      const known = { ca, cert: client.cert, key: client.key };
      const members = await Promise.all(Array.from({ length: TRIES }, () => isAnswered(ask, port, known)));
      assert.deepEqual(members, Array(TRIES).fill(true), `${name} ${when}: with a certificate`);
    }
  };
  const endWorker = async (): Promise<void> => {
    const before = server.stats().workers.length;
    const { cert, key } = client;
    const ended = once(server, 'warning');
    await encryptedClients[0]
      .ask(portOf('tls'), { ca: [own.cert, renewed.cert].join('\n'), cert, key }, 'exit.now')
      .catch(() => undefined);
    await ended;
    await until(() => server.stats().workers.length === before, 'a worker in its place');
  };

  before(async () => {
    [own, renewed, client] = await Promise.all([
      makeCertificate('localhost'),
      makeCertificate('localhost'),
      makeCertificate('client.example'),
    ]);
  });
  afterEach(() => server.close({ timeout: 0 }));

  it('renews a certificate and keeps the rules: now, after resize, reload, and the death of a worker', async () => {
    await start({ ca: client.cert, requestCert: true });
    await checkPolicy('at first');
    await server.secure({ cert: renewed.cert, key: renewed.key });
    await checkPolicy('renewed');
    if (atMost(2) === 2) await server.resize(4);
    await checkPolicy('resized');
    await server.reload();
    await checkPolicy('reloaded');
    await server.reload({ tls: { cert: own.cert, key: own.key } });
    await checkPolicy('reloaded with a certificate');
    if (server.stats().workers.length > 1) {
      await endWorker();
      await checkPolicy('with a new worker');
    }
  });

  it('reaches open listeners with `ca` and `requestCert`, and those that come', async () => {
    await start();
    await server.secure({ ca: client.cert, requestCert: true });
    await checkPolicy('made stricter');
    if (atMost(2) === 2) await server.resize(4);
    await checkPolicy('resized');
    await server.reload();
    await checkPolicy('reloaded');
  });

  it('reaches a worker that starts meanwhile, and does not fail because of one that dies', async function () {
    if (atMost(2) === 1) this.skip(); // there are no others
    for (let round = 0; round < 5; round++) {
      await start();
      const port = portOf('tls');
      server.on('warning', () => undefined);
      const dying = encryptedClients[0].ask(port, { ca: own.cert }, 'exit.now').catch(() => undefined);
      await wait(10 * round);
      await server.secure({ ca: client.cert, requestCert: true });
      await dying;
      await until(() => server.stats().workers.length === 2, 'a worker in its place');
      await checkPolicy(`round ${round}`);
      await server.close({ timeout: 0 });
    }
    await start();
  });

  it('breaks off handshakes that began under other rules', async () => {
    await start();
    const early = connectTcp(portOf('tls'), '127.0.0.1');
    early.on('error', () => undefined);
    await once(early, 'connect');
    await until(() => server.stats().totals.tcpOpen === 1, 'the connection to be accepted');
    const closed = once(early, 'close');
    await server.secure({ cert: renewed.cert, key: renewed.key });
    assert.equal(server.stats().totals.tcpOpen, 1, 'another certificate breaks nothing off');
    await server.secure({ ca: client.cert, requestCert: true });
    await closed;
  });

  it('rejects what is invalid, by name, and changes nothing then', async () => {
    await start({ ca: client.cert, requestCert: true });
    for (const [changes, option] of [
      [{ cert: 'bad' }, 'tls.cert'],
      [{ key: 'bad' }, 'tls.key'],
      [{ key: renewed.key }, 'tls.key'],
      [{ ca: 'bad' }, 'tls.ca'],
      [{ requestCert: 'some' }, 'tls.requestCert'],
      [{ ciphers: 'NONE' }, 'tls.ciphers'],
      [{ minVersion: 'SSLv3' }, 'tls.minVersion'],
      [{ cert: 1 }, 'tls.cert'],
    ] as const) {
      await assert.rejects(server.secure(changes as Partial<TlsSettings>), (error: Error & { code: string }) => {
        assert.match(error.code, /^ERR_INVALID_ARG_(VALUE|TYPE)$/);
        assert.ok(error.message.includes(`"${option}"`), error.message);
        assert.ok(!error.message.includes('PRIVATE'), error.message);
        return true;
      });
    }
    await checkPolicy('as before');
  });

  describe('and addresses with TLS settings of their own', () => {
    const entry = (name: string, tls: TlsSettings | null): ListenOptions => {
      const [transport] = name.split(':') as ['tls' | 'https' | 'grpc'];
      return { transport, address: '127.0.0.1', port: 0, tls };
    };
    const areStrangersAnswered = (): Promise<boolean[]> =>
      Promise.all(encryptedClients.map(({ transport, ask }) => isAnswered(ask, portOf(transport), { ca: own.cert })));

    for (const [what, theirs] of [
      ['tls:// alone', ['tls://127.0.0.1:0']],
      ['https:// alone', ['https://127.0.0.1:0']],
      ['grpc:// alone', ['grpc://127.0.0.1:0']],
      ['all', LISTEN.slice(0, 3)],
    ] as const) {
      it(`rejects, names them, and changes nothing: ${what}`, async () => {
        const others = LISTEN.filter((name) => !theirs.some((own) => own === name));
        const listen = (tls: TlsSettings): ServerOptions['listen'] => [
          ...theirs.map((name) => entry(name, tls)),
          ...others,
        ];
        const stricter = { ...own, ca: client.cert, requestCert: true };
        await start({}, { listen: listen(own) });
        const bound = server.addresses();
        for (const change of [() => server.secure(stricter), () => server.reload({ tls: stricter })]) {
          await assert.rejects(change(), (error: Error & { code: string }) => {
            assert.equal(error.code, 'ERR_MULTISOCKET_OWN_TLS');
            for (const name of LISTEN)
              assert.equal(
                error.message.includes(name),
                theirs.some((own) => own === name),
              );
            assert.match(error.message, /reload\(\{ listen \}\)/);
            return true;
          });
          assert.deepEqual(
            await areStrangersAnswered(),
            encryptedClients.map(() => true),
            'as before',
          );
        }
        await server.reload({ listen: listen(stricter), tls: stricter });
        assert.deepEqual(server.addresses(), bound, 'the sockets stay');
        await checkPolicy('reloaded with other settings for each');
      });
    }

    it('rejects also when they came by a reload, or the server has no option `tls`', async () => {
      await start();
      await server.reload({ listen: [...LISTEN.slice(1), entry('tls://127.0.0.1:0', own)] });
      await assert.rejects(server.secure(renewed), { code: 'ERR_MULTISOCKET_OWN_TLS' });
      await server.reload({ listen: LISTEN });
      await server.secure(renewed);
      await server.close({ timeout: 0 });
      ({ server } = await serve({ listen: entry('tls://127.0.0.1:0', own) }));
      await assert.rejects(server.secure(renewed), { code: 'ERR_MULTISOCKET_OWN_TLS' });
    });

    it('applies beside an address that is not encrypted', async () => {
      await start({}, { listen: [entry('https://127.0.0.1:0', null), 'tls://127.0.0.1:0'] });
      await server.secure({ ca: client.cert, requestCert: true });
      const [{ ask }] = encryptedClients;
      assert.equal(await isAnswered(ask, portOf('tls'), { ca: own.cert }), false);
      const known = { ca: own.cert, cert: client.cert, key: client.key };
      assert.equal(await isAnswered(ask, portOf('tls'), known), true);
    });
  });

  describe('and sessions', () => {
    const open = async (options: ConnectionOptions): Promise<TLSSocket> => {
      const ca = [own.cert, renewed.cert].join('\n');
      const socket = connect({ port: portOf('tls'), host: '127.0.0.1', servername: 'localhost', ca, ...options });
      socket.on('error', () => undefined);
      await once(socket, 'secureConnect');
      return socket;
    };
    /** A session of a connection that was answered. */
    const sessionOf = async (options: ConnectionOptions): Promise<Buffer> => {
      const socket = await open(options);
      const session = once(socket, 'session') as Promise<[Buffer]>;
      socket.write(framed(queryBytes('example.org')));
      await once(socket, 'data');
      const [ticket] = options.maxVersion === 'TLSv1.2' ? [socket.getSession()!] : await session;
      socket.destroy();
      return ticket;
    };
    /** Whether it is resumed, and answered. */
    const resume = async (
      session: Buffer,
      options: ConnectionOptions,
    ): Promise<{ reused: boolean; answered: boolean }> => {
      const socket = await open({ session, ...options });
      const reused = socket.isSessionReused();
      socket.write(framed(queryBytes('example.org')));
      const answered = await Promise.race([
        once(socket, 'data').then(() => true),
        once(socket, 'close').then(() => false),
      ]);
      socket.destroy();
      return { reused, answered };
    };

    for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
      it(`${maxVersion}: resumes with every worker, with one in another's place, and after a reload that changes nothing`, async () => {
        await start();
        const session = await sessionOf({ maxVersion });
        const both = { reused: true, answered: true };
        for (let i = 0; i < 8; i++) assert.deepEqual(await resume(session, { maxVersion }), both);
        if (server.stats().workers.length > 1) await endWorker();
        for (let i = 0; i < 8; i++) assert.deepEqual(await resume(session, { maxVersion }), both);
        await server.reload({ tls: { cert: Buffer.from(own.cert), key: own.key } });
        for (let i = 0; i < 8; i++) assert.deepEqual(await resume(session, { maxVersion }), both);
      });

      it(`${maxVersion}: resumes with a certificate of the client`, async () => {
        await start({ ca: client.cert, requestCert: true });
        const identity = { maxVersion, cert: client.cert, key: client.key };
        const session = await sessionOf(identity);
        for (let i = 0; i < 8; i++) assert.deepEqual(await resume(session, identity), { reused: true, answered: true });
      });

      for (const [what, changes] of [
        ['requestCert', () => ({ requestCert: 'unchecked' as const })],
        ['ca', () => ({ ca: client.cert })],
        ['the certificate', () => ({ cert: renewed.cert, key: renewed.key })],
      ] as const) {
        it(`${maxVersion}: resumes no session that is older than a change of ${what}`, async () => {
          await start();
          const session = await sessionOf({ maxVersion });
          await server.secure(changes());
          for (let i = 0; i < 4; i++)
            assert.deepEqual(await resume(session, { maxVersion }), { reused: false, answered: true });
        });
      }

      it(`${maxVersion}: admits nobody by an old session when certificates are asked for`, async () => {
        await start();
        const session = await sessionOf({ maxVersion });
        await server.reload({ tls: { ca: client.cert, requestCert: true } });
        for (let i = 0; i < 8; i++) {
          const answered = await resume(session, { maxVersion }).then(
            (outcome) => outcome.answered,
            () => false,
          );
          assert.equal(answered, false);
        }
        await checkPolicy('after the reload');
      });
    }
  });
});
