import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { connect as connectHttp2 } from 'node:http2';
import type { IncomingMessage } from 'node:http';
import { get, type RequestOptions } from 'node:https';
import { dirname, join } from 'node:path';
import { connect, type ConnectionOptions } from 'node:tls';
import { makeCertificate, type Certificate } from '../support/certificate.js';
import { framed, queryBytes, run, TcpClient } from '../support/clients.js';
import { refuses } from '../support/refuses.js';
import { serveCorefile } from '../support/corefile-server.js';
import { freePort } from '../support/free-port.js';
import { until } from '../support/server.js';

/** Whether a query by TLS is answered, and not cut off. */
async function answersTls(options: ConnectionOptions): Promise<boolean> {
  const socket = connect(options);
  try {
    await once(socket, 'secureConnect');
    socket.write(framed(queryBytes('a')));
    // Cut off: 'close' alone comes, or an error first.
    const [chunk] = (await Promise.race([once(socket, 'data'), once(socket, 'close').then(() => [])])) as [Buffer?];
    return chunk !== undefined;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

async function answersHttps(options: RequestOptions): Promise<boolean> {
  const request = get({ ...options, agent: false });
  try {
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    response.resume();
    return response.statusCode === 200;
  } catch {
    return false;
  } finally {
    request.destroy();
  }
}

describe('the directive tls', () => {
  it('serves with its certificate, and shows another after a reload', async () => {
    const [one, two] = [await makeCertificate(), await makeCertificate()];
    const corefile = (files: Certificate): string => {
      const key = join(dirname(files.file), 'key.pem');
      return `tls://.:0 {\n multisocket 2\n tls ${files.file} ${key}\n whoami\n}`;
    };
    const { server, port } = await serveCorefile(corefile(one));
    const ask = (trusted: Certificate): Promise<string> => {
      const args = [
        '-p',
        String(port),
        `+tls-ca=${trusted.file}`,
        '+tls-hostname=localhost',
        '+retry=0',
        'example.org',
      ];
      return run('kdig', ['@127.0.0.1', ...args]);
    };
    assert.match(await ask(one), /status: NOERROR/);
    await server.reload({ corefile: corefile(two) });
    assert.match(await ask(two), /status: NOERROR/);
    await assert.rejects(ask(one));
    await server.close();
  });

  it('gives each address its own certificate, and leaves those without unencrypted', async () => {
    const [one, two] = [await makeCertificate(), await makeCertificate()];
    const own = ({ file }: Certificate): string => ` tls ${file} ${join(dirname(file), 'key.pem')}\n whoami\n}\n`;
    const corefile =
      `tls://.:0 {\n${own(one)}https://.:0 {\n${own(two)}` +
      'grpc://.:0 {\n whoami\n}\nhttps://.:0 {\n bind 127.0.0.1\n whoami\n}\ntls://.:0 {\n bind 127.0.0.1\n whoami\n}\n';
    const { server, warnings } = await serveCorefile(corefile.replaceAll('.:0 {\n tls', '.:0 {\n bind ::1\n tls'));
    const [tls, https, grpc, plainHttps, plainTls] = server.addresses();
    for (const [given, isOne] of [
      [one, true],
      [two, false],
    ] as const) {
      assert.equal(await answersTls({ host: '::1', port: tls.port, ca: given.cert, servername: 'localhost' }), isOne);
      const path = `/dns-query?dns=${queryBytes('a').toString('base64url')}`;
      const options = { host: '::1', port: https.port, ca: given.cert, servername: 'localhost', path };
      assert.equal(await answersHttps(options), !isOne);
    }
    const session = connectHttp2(`http://127.0.0.1:${grpc.port}`);
    await once(session, 'remoteSettings');
    session.destroy();
    const dns = queryBytes('a').toString('base64url');
    const answer = await fetch(`http://127.0.0.1:${plainHttps.port}/dns-query?dns=${dns}`);
    assert.deepEqual([answer.status, answer.headers.get('content-type')], [200, 'application/dns-message']);
    assert.ok((await answer.arrayBuffer()).byteLength > 12);
    const client = await TcpClient.connect(plainTls.port);
    assert.ok(await client.exchange(queryBytes('a')));
    client.close();
    const bare = warnings.filter(({ message }) => message.includes('is not encrypted'));
    assert.equal(bare.length, 2);
    await server.close();
  });

  it('renews the certificate of one address at a reload, and starts and stops to encrypt', async () => {
    const [one, two] = [await makeCertificate(), await makeCertificate()];
    const port = await freePort();
    const corefile = (files?: Certificate): string => {
      const tls = files === undefined ? '' : ` tls ${files.file} ${join(dirname(files.file), 'key.pem')}\n`;
      return `tls://.:${port} {\n bind 127.0.0.1\n${tls} whoami\n}\n`;
    };
    const { server } = await serveCorefile(corefile(one));
    const shows = (given: Certificate): Promise<boolean> =>
      answersTls({ host: '127.0.0.1', port, ca: given.cert, servername: 'localhost' });
    assert.deepEqual([await shows(one), await shows(two)], [true, false]);
    await server.reload({ corefile: corefile(two) });
    assert.deepEqual([await shows(one), await shows(two)], [false, true]);
    await server.reload({ corefile: corefile() });
    assert.deepEqual([await shows(one), await shows(two)], [false, false]);
    await server.reload({ corefile: corefile(one) });
    assert.deepEqual([await shows(one), await shows(two)], [true, false]);
    await server.close();
  });

  it('appends the secrets of connections to the file of keylog', async () => {
    const one = await makeCertificate();
    const keylog = join(dirname(one.file), 'keys');
    const lines = `tls ${one.file} ${join(dirname(one.file), 'key.pem')} {\n keylog ${keylog}\n }`;
    const { server, port, warnings } = await serveCorefile(`tls://.:0 {\n ${lines}\n whoami\n}`);
    assert.ok(await answersTls({ host: '127.0.0.1', port, ca: one.cert, servername: 'localhost' }));
    await until(
      () => existsSync(keylog) && readFileSync(keylog, 'utf8').includes('SERVER_TRAFFIC_SECRET_0'),
      'the keys',
    );
    assert.equal(statSync(keylog).mode & 0o777, 0o600);
    assert.match(warnings[0].message, /anyone who can read .* can decrypt all connections/);
    await server.close();
  });

  const modes: [string, boolean, boolean, boolean][] = [
    // Whether a client is let in without a certificate, with one of another authority, with one of CA.
    ['nocert', true, true, true],
    ['request', true, true, true],
    ['require', false, true, true],
    ['verify_if_given', true, false, true],
    ['require_and_verify', false, false, true],
  ];
  for (const [mode, ...expected] of modes) {
    it(`asks clients for a certificate with client_auth ${mode}`, async () => {
      // Signed by itself: its own authority.
      const [own, trusted, other] = await Promise.all([makeCertificate(), makeCertificate(), makeCertificate()]);
      const files = `${own.file} ${join(dirname(own.file), 'key.pem')} ${trusted.file}`;
      const block = (scheme: string): string =>
        `${scheme}://.:0 {\n tls ${files} {\n  client_auth ${mode}\n }\n whoami\n}\n`;
      const { server } = await serveCorefile(block('tls') + block('https'));
      const [tls, https] = server.addresses();
      for (const [i, client] of [undefined, other, trusted].entries()) {
        const shown = client === undefined ? {} : { cert: client.cert, key: client.key };
        const options = { host: '127.0.0.1', ca: own.cert, servername: 'localhost', ...shown };
        assert.equal(await answersTls({ ...options, port: tls.port }), expected[i], `tls, client ${i}`);
        const settings = { hostname: '127.0.0.1', path: '/dns-query?dns=AAABAAABAAAAAAAAAWEAAAEAAQ' };
        assert.equal(
          await answersHttps({ ...options, ...settings, port: https.port }),
          expected[i],
          `https, client ${i}`,
        );
      }
      await server.close();
    });
  }

  it('admits nobody by a session that is older than a stricter client_auth', async () => {
    const [own, trusted] = await Promise.all([makeCertificate(), makeCertificate()]);
    const files = `${own.file} ${join(dirname(own.file), 'key.pem')} ${trusted.file}`;
    const corefile = (mode: string): string =>
      `tls://.:0 {\n multisocket 2\n tls ${files} {\n  client_auth ${mode}\n }\n whoami\n}\n`;
    const { server, port } = await serveCorefile(corefile('nocert'));
    for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
      await server.reload({ corefile: corefile('nocert') });
      const options = { host: '127.0.0.1', port, ca: own.cert, servername: 'localhost', maxVersion };
      const socket = connect(options);
      let session: Buffer | undefined;
      socket.on('session', (ticket) => (session = ticket));
      socket.write(framed(queryBytes('a')));
      await once(socket, 'data');
      socket.destroy();
      assert.ok(session);
      assert.equal(await answersTls({ ...options, session }), true);
      await server.reload({ corefile: corefile('require_and_verify') });
      for (let i = 0; i < 4; i++) assert.equal(await answersTls({ ...options, session }), false);
      const { cert, key } = trusted;
      assert.equal(await answersTls({ ...options, cert, key }), true);
    }
    await server.close();
  });

  it('is not served without its files', async () => {
    await assert.rejects(serveCorefile('tls://.:0 {\n tls /nowhere/cert /nowhere/key\n whoami\n}'), {
      code: 'ERR_MULTISOCKET_COREFILE',
      message: /^Corefile:1 - .*tls:\/\/:0 has no certificate: ENOENT.*'\/nowhere\/cert'$/,
    });
  });

  refuses([
    ['tls cert', 2, "Wrong argument count or unexpected line ending after 'cert'"],
    ['tls cert key ca more', 2, "Wrong argument count or unexpected line ending after 'more'"],
    ['tls cert key {\n client_auth some\n}', 3, "unknown authentication type 'some'"],
  ]);
});
