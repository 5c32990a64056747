import { createHash } from 'node:crypto';
import type { Primary } from '../../authority/transfer-in/primary.js';
import type { TsigKey } from '../../dns/tsig.js';

/** The options of one use of `secondary`. */
export interface SecondaryOptions {
  /** The zones, in the form of `Query.key`. */
  zones: readonly string[];
  /** The servers that the zones are transferred from, in the order in which they are asked. At least one. */
  primaries: readonly Primary[];
  /** The key that signs queries to the primaries and their NOTIFY; undefined: none. */
  key: TsigKey | undefined;
  /** The folder for stored zones; undefined: the default; null: zones are not stored. */
  store: string | undefined | null;
  /** Zones whose nonexistent names are left to the next handler; empty: none. */
  fallthrough: readonly string[];
}

/** A zone of one use, with the key of its source. */
export interface SecondarySource extends Pick<SecondaryOptions, 'primaries' | 'key' | 'store'> {
  source: string;
  origin: string;
}

/** The sources of the zones of one use. Their keys show no secret. */
export function sourcesOf({ zones, primaries, key, store }: SecondaryOptions): SecondarySource[] {
  const secret = key === undefined ? '' : Buffer.from(key.secret).toString('base64');
  const settings = JSON.stringify([primaries, key?.name, key?.algorithm, secret, store]);
  const hash = createHash('sha256').update(settings).digest('hex');
  return zones.map((origin) => ({ source: `secondary ${origin} ${hash}`, origin, primaries, key, store }));
}
