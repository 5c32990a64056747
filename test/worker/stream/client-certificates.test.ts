/** Which clients are admitted: transport, `requestCert`, and the certificate that the client shows. */
import assert from 'node:assert/strict';
import type { Server, TlsSettings } from 'multisocket';
import { makeCertificate, type Certificate } from '../../support/certificate.js';
import { encryptedClients, type Ask, type Identity } from '../../support/stream-clients.js';
import { serve, until } from '../../support/server.js';

type Shown = 'none' | 'trusted' | 'untrusted';
const SHOWN: readonly Shown[] = ['none', 'trusted', 'untrusted'];

/** Who is admitted under each value of `requestCert`. */
const RULES: readonly [requestCert: Required<TlsSettings>['requestCert'], admitted: readonly Shown[]][] = [
  [false, ['none', 'trusted', 'untrusted']],
  ['unchecked', ['none', 'trusted', 'untrusted']],
  ['if-given', ['none', 'trusted']],
  ['any', ['trusted', 'untrusted']],
  [true, ['trusted']],
];

describe('certificates of clients', () => {
  let own: Certificate;
  let identities: Record<Shown, Identity>;
  let trusted: Certificate;
  let server: Server | undefined;

  const start = async (transport: string, tls: Pick<TlsSettings, 'ca' | 'requestCert'>): Promise<number> => {
    const listen = `${transport}://127.0.0.1:0`;
    const made = await serve({ listen, workers: 1, sockets: 1, tls: { ...own, ...tls } });
    server = made.server;
    return made.port;
  };
  const admitted = (ask: Ask, port: number, identity: Identity): Promise<boolean> =>
    ask(port, identity).then(
      (message) => message.length > 12,
      () => false,
    );

  before(async () => {
    own = await makeCertificate();
    trusted = await makeCertificate('trusted.example');
    const untrusted = await makeCertificate('untrusted.example');
    const ca = own.cert;
    identities = {
      none: { ca },
      trusted: { ca, cert: trusted.cert, key: trusted.key },
      untrusted: { ca, cert: untrusted.cert, key: untrusted.key },
    };
  });
  afterEach(async () => {
    await server?.close({ timeout: 0 });
    server = undefined;
  });

  for (const { name, transport, ask } of encryptedClients) {
    for (const [requestCert, allowed] of RULES) {
      it(`${name}, requestCert ${String(requestCert)}: ${allowed.join(', ')}`, async () => {
        const port = await start(transport, { ca: trusted.cert, requestCert });
        const found: Shown[] = [];
        for (const shown of SHOWN) if (await admitted(ask, port, identities[shown])) found.push(shown);
        assert.deepEqual(found, allowed);
        const refused = SHOWN.length - allowed.length;
        await until(() => server!.stats().totals.tlsHandshakeFailures === refused, 'refusals to be counted');
      });
    }
  }
});
