/** `tls CERT KEY`: the certificate of tls:// and https://. */
import { resolve } from 'node:path';
import type { DirectiveDefinition } from '../../corefile/directive.js';
import type { TlsSettings } from '../../corefile/listen-settings.js';

/** Its configuration is the absolute paths of the certificate chain and its key, both in PEM. */
export const tls: DirectiveDefinition<TlsSettings> = {
  name: 'tls',
  setup: {
    configure([use, again]) {
      if ((again as typeof again | undefined) !== undefined) throw again.error('it can be used once in a server block');
      const [certificate, key, ca] = use.arguments(2, 3) as [string, string, string | undefined];
      if (ca !== undefined) throw use.error('certificates of clients are not supported: CERT and KEY are expected');
      for (const line of use.block) {
        if (line.name !== 'client_auth') throw line.error(`unknown option '${line.name}'`);
        const [mode] = line.arguments(1);
        if (mode !== 'nocert')
          throw line.error(`client authentication '${mode}' is not supported: 'nocert' is expected`);
      }
      return { certificate: resolve(certificate), key: resolve(key), clientAuth: 'nocert' };
    },
    listen: (settings) => ({ tls: settings }),
  },
};
