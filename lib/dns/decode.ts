/** Messages decoded: by dns-packet, and SVCB and HTTPS, which it does not know. */
import packet, { type Answer, type DecodedPacket } from 'dns-packet';
import type { RawRecord, ServiceRecord } from './record.js';
import { typeNumber } from './registry.js';
import { readServiceBinding } from './svcb-read.js';

const SERVICE_TYPES = new Map<number | undefined, ServiceRecord['type']>([
  [64, 'SVCB'],
  [65, 'HTTPS'],
]);

/** A record as dns-packet decodes it, or one of SVCB or HTTPS. */
export type DecodedRecord = Answer | ServiceRecord;

type Section = 'answers' | 'authorities' | 'additionals';

/** A message as dns-packet decodes it, but for SVCB and HTTPS: see {@link ServiceRecord}. */
export type DecodedMessage = Omit<DecodedPacket, Section> & Partial<Record<Section, DecodedRecord[] | undefined>>;

/** Decodes a message. Throws what dns-packet throws for one that it cannot read. */
export function decodeMessage(message: Buffer): DecodedMessage {
  const decoded = packet.decode(message) as DecodedMessage;
  for (const section of ['answers', 'authorities', 'additionals'] as const) {
    decoded[section] = decoded[section]?.map(decodeService);
  }
  return decoded;
}

function decodeService(record: DecodedRecord): DecodedRecord {
  const type = SERVICE_TYPES.get(typeNumber(record.type));
  if (type === undefined) return record;
  const { data, ...rest } = record as RawRecord;
  const binding = readServiceBinding(data);
  return binding === undefined ? { ...rest, type, data } : { ...rest, type, data: binding };
}
