import { TYPE } from '../../dns/numbers.js';
import { typeNumber } from '../../dns/registry.js';
import {
  throwFault,
  zoneFileSteps,
  type OnFault,
  type ZoneFileProgress,
  type ZoneFileRecord,
  type ZoneFiles,
} from '../../dns/zone-file/zone-file.js';
import type { ZoneData } from '../zone-data.js';
import { ZoneLoader } from '../zone-loader.js';

/** Types that signing makes anew, and ZONEMD, whose digest no longer fits a zone that has been signed (RFC 8976 s.3.1). */
const LEFT_OUT = new Set<number>([
  ...[TYPE.DNSKEY, TYPE.CDS, TYPE.CDNSKEY, TYPE.ZONEMD],
  ...[TYPE.RRSIG, TYPE.NSEC, TYPE.NSEC3, TYPE.NSEC3PARAM],
]);

/** A zone that was read to be signed. */
export interface UnsignedZone {
  data: ZoneData;
  files: ZoneFiles;
  warnings: readonly string[];
}

/**
 * Reads a zone file without the records that signing makes, in steps of some milliseconds. `origin` is in the form of
 * `Query.key`. Throws like `readZone`. `onFault`: receives the errors of single records; default: the first is thrown.
 */
export function* unsignedZoneSteps(
  file: string,
  origin: string,
  onFault: OnFault = throwFault,
): Generator<ZoneFileProgress, UnsignedZone> {
  const loader = new ZoneLoader(origin, file, onFault);
  const onRecord = (record: ZoneFileRecord): void => {
    if (!LEFT_OUT.has(typeNumber(record.type) ?? 0)) loader.add(record);
  };
  const files = yield* zoneFileSteps(file, origin, { onRecord, onFault });
  return { data: loader.finish(), files, warnings: loader.warnings };
}
