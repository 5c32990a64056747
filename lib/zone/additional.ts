/** Which records of a zone are useful additions to an RRset: those of the names that it points to. */
import type packet from 'dns-packet';
import type { AfsdbData, KxData, LpData, RtData } from '../dns/records/names.js';
import type { ServiceBinding } from '../dns/records/svcb.js';
import type { ResourceRecord } from '../dns/record.js';

/** Records that go into the additional section, if the zone has them. */
export interface Wanted {
  name: string;
  types: readonly string[];
}

const ADDRESSES: readonly string[] = ['A', 'AAAA'];

type Targets = (record: ResourceRecord) => Wanted | undefined;

const addressesOf =
  (name: (data: unknown) => string): Targets =>
  ({ data }) => ({ name: name(data), types: ADDRESSES });

const TARGETS: Readonly<Record<string, Targets>> = {
  NS: addressesOf((data) => data as string), // RFC 1035 s.3.3.11
  MB: addressesOf((data) => data as string), // RFC 1035 s.3.3.3
  MX: addressesOf((data) => (data as packet.MxData).exchange), // RFC 1035 s.3.3.9
  AFSDB: addressesOf((data) => (data as AfsdbData).hostname), // RFC 1183 s.1
  RT: addressesOf((data) => (data as RtData).host), // RFC 1183 s.3.3
  SRV: addressesOf((data) => (data as packet.SrvData).target), // RFC 2782
  KX: addressesOf((data) => (data as KxData).exchanger), // RFC 2230 s.3
  NAPTR: naptr,
  SVCB: service,
  HTTPS: service,
  LP: ({ data }) => ({ name: (data as LpData).fqdn, types: ['L32', 'L64'] }), // RFC 6742 s.2.4.3
};

/** Whether records of a type may have useful additions. */
export function hasTargets(type: string): boolean {
  return Object.hasOwn(TARGETS, type);
}

/** The useful additions to a record; undefined: none. */
export function wantedWith(record: ResourceRecord): Wanted | undefined {
  return hasTargets(record.type) ? TARGETS[record.type](record) : undefined;
}

/** The flag says what the replacement leads to: addresses, or SRV (RFC 3404 s.4.1). */
function naptr({ data }: ResourceRecord): Wanted | undefined {
  const { flags, replacement } = data as packet.NaptrData;
  const flag = Buffer.from(flags).toString().toLowerCase();
  if (flag === 'a') return { name: replacement, types: ADDRESSES };
  return flag === 's' ? { name: replacement, types: ['SRV'] } : undefined;
}

/**
 * The addresses of TargetName, and its own service bindings (RFC 9460 s.4.1). `.` is the owner in ServiceMode, and
 * means no service in AliasMode (s.2.5).
 */
function service({ name, type, data }: ResourceRecord): Wanted | undefined {
  if (data instanceof Uint8Array) return undefined; // it would be encoded to other octets
  const { priority, target } = data as ServiceBinding;
  if (target !== '.') return { name: target, types: [...ADDRESSES, type] };
  return priority === 0 ? undefined : { name, types: ADDRESSES };
}
