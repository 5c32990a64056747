/**
 * `tls CERT KEY [CA] { client_auth MODE; keylog FILE }`: the certificate of tls:// and https://, and the certificates
 * that clients must show.
 */
import { resolve } from 'node:path';
import type { DirectiveDefinition } from '../../corefile/directive.js';
import type { TlsSettings } from '../../corefile/listen-settings.js';
import type { DirectiveReader } from '../../corefile/reader.js';
import { last } from '../arguments.js';
import { readTls } from './files.js';

const MODES: readonly TlsSettings['clientAuth'][] = [
  'nocert',
  'request',
  'require',
  'verify_if_given',
  'require_and_verify',
];

/** Its configuration is the absolute paths of files in PEM, and CoreDNS's mode for certificates of clients. */
export const tls: DirectiveDefinition<TlsSettings> = {
  name: 'tls',
  setup: {
    configure(uses) {
      const settings = uses.map(readUse);
      last(uses);
      return settings[settings.length - 1];
    },
    check: (settings) => {
      readTls(settings);
      return [];
    },
    listen: (settings) => ({ tls: settings }),
  },
};

function readUse(use: DirectiveReader): TlsSettings {
  if (use.args.length === 0) throw use.error('a certificate and its key are expected: ACME is not supported');
  const [certificate, key, ca] = use.arguments(2, 3) as [string, string, string | undefined];
  const settings: TlsSettings = {
    certificate: resolve(certificate),
    key: resolve(key),
    ...(ca === undefined ? {} : { ca: resolve(ca) }),
    clientAuth: 'nocert',
  };
  for (const line of use.block) readLine(line, settings);
  return settings;
}

function readLine(line: DirectiveReader, settings: TlsSettings): void {
  line.refuseBlock();
  if (line.name !== 'client_auth' && line.name !== 'keylog') throw line.error(`unknown option '${line.name}'`);
  const [value] = line.arguments(1);
  if (line.name === 'keylog') {
    settings.keylog = resolve(value);
    line.warn(`anyone who can read ${settings.keylog} can decrypt all connections`);
    return;
  }
  const mode = MODES.find((name) => name === value);
  if (mode === undefined) throw line.error(`unknown authentication type '${value}'`);
  settings.clientAuth = mode;
}
