/** The keys that a use of `sign` names. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { withLastDot } from '../../dns/names.js';
import { SigningKey } from '../../dnssec/signing-key.js';
import { ZoneKeys } from '../../dnssec/zone-keys.js';
import { withCode } from '../../errors.js';
import { fileText } from './file-names.js';

/** Key files by name, or all that a folder has for the zone. */
export interface KeySource {
  kind: 'file' | 'directory';
  path: string;
}

/**
 * Reads the keys of a zone. Throws `ERR_MULTISOCKET_DNSSEC_KEY` for a faulty key, one of another zone, a revoked key, and if
 * no key has the flag SEP; and system errors.
 */
export function readKeys(sources: readonly KeySource[], origin: string): ZoneKeys {
  const paths = sources.flatMap(({ kind, path }) => (kind === 'file' ? [path] : pathsIn(path, origin)));
  const keys = paths.map((path) => readKey(path, origin));
  if (keys.some((key) => key.signsKeys)) return new ZoneKeys(keys);
  if (keys.length === 1) throw faulty(`DNSKEY in "${paths[0]}" is not a CSK/KSK: the flag SEP is missing`);
  throw faulty(`no key for the zone ${withLastDot(origin)} is a CSK/KSK, with the flag SEP`);
}

function readKey(path: string, origin: string): SigningKey {
  const key = SigningKey.read(path);
  const zone = withLastDot(key.zone);
  const name = `key ${zone} (keyid: ${key.tag})`;
  if (key.zone !== origin) throw faulty(`${name} can not sign the zone ${withLastDot(origin)}`);
  if (!key.isZoneKey)
    throw faulty(`${name} is not the key of a zone: the flag ZONE is missing (RFC 4034 section 2.1.1)`);
  if (key.isRevoked) throw faulty(`${name} is revoked (RFC 5011 section 2.1)`);
  return key;
}

/** The paths of a zone's keys in a folder, as `dnssec-keygen` names them: `Kexample.org.+013+34505`. */
function pathsIn(folder: string, origin: string): string[] {
  const leader = `K${fileText(origin)}+`;
  const names = readdirSync(folder).filter((name) => name.startsWith(leader) && name.endsWith('.key'));
  if (names.length === 0) throw faulty(`${folder} has no keys ${leader}*.key of the zone ${withLastDot(origin)}`);
  return names.sort().map((name) => join(folder, name.slice(0, -'.key'.length)));
}

function faulty(message: string): Error {
  return withCode(new Error(message), 'ERR_MULTISOCKET_DNSSEC_KEY');
}
