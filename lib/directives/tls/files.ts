/** Reads the files of the directive `tls`. */
import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import type { TlsSettings as CorefileTls } from '../../corefile/listen-settings.js';
import { tlsGroup, type TlsSettings } from '../../options/tls.js';
import { contextOptions } from '../../worker/stream/secure-context.js';

/** The server's words for CoreDNS's modes. */
const CLIENT_AUTH = {
  nocert: false,
  request: 'unchecked',
  require: 'any',
  verify_if_given: 'if-given',
  require_and_verify: true,
} as const;

/** Reads the files. Throws a system error, or an error of OpenSSL with their names. */
export function readTls({ certificate, key, ca, clientAuth, keylog }: CorefileTls): TlsSettings {
  const settings = {
    cert: readFileSync(certificate),
    key: readFileSync(key),
    ca: ca === undefined ? null : readFileSync(ca),
    requestCert: CLIENT_AUTH[clientAuth],
    ...(keylog === undefined ? {} : { keylog }),
  };
  try {
    createSecureContext(contextOptions(tlsGroup.check('tls', settings)));
  } catch (cause) {
    const files = [certificate, key, ca].filter((file) => file !== undefined).join(', ');
    throw new Error(`invalid certificate or key in ${files}: ${(cause as Error).message}`, { cause });
  }
  return settings;
}
