import { withCode, type CodedError } from '../errors.js';
import { isIn, normalizeName } from '../dns/names.js';
import { isMeta } from '../dns/text/record.js';
import { typeNumber, type Rcode } from '../dns/registry.js';

/** An update or a prerequisite that a zone refuses: code `ERR_MULTISOCKET_UPDATE`. */
export interface UpdateError extends CodedError {
  /** The response code for the client (RFC 2136 s.3). */
  rcode: Extract<Rcode, 'FORMERR' | 'NOTZONE' | 'REFUSED'>;
}

/** Throws an {@link UpdateError}. */
export function refuse(rcode: UpdateError['rcode'], reason: string): never {
  throw Object.assign(withCode(new Error(reason), 'ERR_MULTISOCKET_UPDATE'), { rcode });
}

/** The key of a name. Throws FORMERR for an invalid name, NOTZONE for one outside of the zone (RFC 2136 s.3.1.1, s.3.4.1.1). */
export function keyIn(origin: string, name: string): string {
  const key = typeof (name as unknown) === 'string' ? normalizeName(name) : undefined;
  if (key === undefined) return refuse('FORMERR', `invalid name ${JSON.stringify(name)}`);
  return isIn(key, origin) ? key : refuse('NOTZONE', `the name ${key} is not in the zone ${origin}`);
}

/** The number of a type. Throws FORMERR for a type that cannot stand in a zone (RFC 2136 s.3.4.1.2). */
export function dataType(type: string): number {
  const number = typeNumber(type);
  if (number === undefined || isMeta(number))
    return refuse('FORMERR', `the type ${JSON.stringify(type)} cannot stand in a zone`);
  return number;
}
