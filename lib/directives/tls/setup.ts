/** `tls CERT KEY [CA] { client_auth MODE }`: the certificate of tls:// and https://, and which ones clients have to show. */
import { resolve } from 'node:path';
import type { DirectiveDefinition } from '../../corefile/directive.js';
import type { TlsSettings } from '../../corefile/listen-settings.js';

const MODES: readonly string[] = ['nocert', 'request', 'require', 'verify_if_given', 'require_and_verify'];

/** Its configuration is the absolute paths of files in PEM, and CoreDNS's word for what clients have to show. */
export const tls: DirectiveDefinition<TlsSettings> = {
  name: 'tls',
  setup: {
    configure([use, again]) {
      if ((again as typeof again | undefined) !== undefined) throw again.error('it can be used once in a server block');
      const [certificate, key, ca] = use.arguments(2, 3) as [string, string, string | undefined];
      let clientAuth = 'nocert';
      for (const line of use.block) {
        if (line.name !== 'client_auth') throw line.error(`unknown option '${line.name}'`);
        [clientAuth] = line.arguments(1);
        line.refuseBlock();
        if (!MODES.includes(clientAuth)) throw line.error(`unknown authentication type '${clientAuth}'`);
      }
      return {
        certificate: resolve(certificate),
        key: resolve(key),
        ...(ca === undefined ? {} : { ca: resolve(ca) }),
        clientAuth: clientAuth as TlsSettings['clientAuth'],
      };
    },
    listen: (settings) => ({ tls: settings }),
  },
};
