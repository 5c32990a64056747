/**
 * Messages of dnstap (dnstap.proto), in the encoding of protocol buffers. It has four kinds of values here; a library
 * with a compiler of schemas would be longer than this file.
 */
import type { QueryLogEntry } from '../../message/query-log-entry.js';
import { packOrigin } from '../../worker/ip.js';

/** What an operator sets for all messages; absent if undefined. */
export interface Identity {
  identity: Buffer | undefined;
  version: Buffer | undefined;
  extra: Buffer | undefined;
}

const wireType = { varint: 0, bytes: 2, fixed32: 5 } as const;
/** Fields of `Dnstap`, and its only type. */
const dnstap = { identity: 1, version: 2, extra: 3, message: 14, type: 15 } as const;
const TYPE_MESSAGE = 1;
/** Fields of `Message`. */
const field = {
  type: 1,
  socketFamily: 2,
  socketProtocol: 3,
  queryAddress: 4,
  queryPort: 6,
  querySeconds: 8,
  queryNanoseconds: 9,
  queryMessage: 10,
  responseSeconds: 12,
  responseNanoseconds: 13,
  responseMessage: 14,
} as const;
const messageType = { clientQuery: 5, clientResponse: 6 } as const;
const family = { IPv4: 1, IPv6: 2 } as const;
/** As CoreDNS: whatever is not UDP is TCP. */
const protocol = { udp: 1, tcp: 2 } as const;

/** The message of a client's query. `full`: with the query in wire format. */
export function clientQuery(entry: QueryLogEntry, full: boolean, identity: Identity): Buffer {
  const message = [...common(entry, messageType.clientQuery)];
  if (full && entry.query !== undefined) message.push(bytes(field.queryMessage, entry.query));
  return wrapped(message, identity);
}

/** The message of the reply to a client. `full`: with the reply in wire format. */
export function clientResponse(entry: QueryLogEntry, full: boolean, identity: Identity): Buffer {
  const message = [
    ...common(entry, messageType.clientResponse),
    ...time(field.responseSeconds, field.responseNanoseconds, entry.time),
  ];
  if (full && entry.reply !== undefined) message.push(bytes(field.responseMessage, entry.reply));
  return wrapped(message, identity);
}

function common({ client, local, transport, time: end, latency }: QueryLogEntry, type: number): Buffer[] {
  // It begins with the client's address as 16 octets; IPv4 is at their end.
  const address = packOrigin(transport, client, local).subarray(client.family === 'IPv4' ? 12 : 0, 16);
  return [
    varint(field.type, type),
    varint(field.socketFamily, family[client.family]),
    varint(field.socketProtocol, protocol[transport === 'udp' ? 'udp' : 'tcp']),
    bytes(field.queryAddress, address),
    varint(field.queryPort, client.port),
    ...time(field.querySeconds, field.queryNanoseconds, end - latency),
  ];
}

function wrapped(message: readonly Buffer[], { identity, version, extra }: Identity): Buffer {
  const parts = [
    ...(identity === undefined ? [] : [bytes(dnstap.identity, identity)]),
    ...(version === undefined ? [] : [bytes(dnstap.version, version)]),
    ...(extra === undefined ? [] : [bytes(dnstap.extra, extra)]),
    bytes(dnstap.message, Buffer.concat(message)),
    varint(dnstap.type, TYPE_MESSAGE),
  ];
  return Buffer.concat(parts);
}

/** `milliseconds`: since 1970. */
function time(seconds: number, nanoseconds: number, milliseconds: number): Buffer[] {
  const whole = Math.floor(milliseconds / 1000);
  const rest = Buffer.alloc(4);
  rest.writeUInt32LE(Math.min(999_999_999, Math.round((milliseconds - whole * 1000) * 1e6)));
  return [varint(seconds, whole), key(nanoseconds, wireType.fixed32), rest];
}

function varint(number: number, value: number): Buffer {
  return Buffer.concat([key(number, wireType.varint), base128(value)]);
}

function bytes(number: number, value: Uint8Array): Buffer {
  return Buffer.concat([key(number, wireType.bytes), base128(value.length), value]);
}

function key(number: number, type: number): Buffer {
  return base128(number * 8 + type);
}

/** Seven bits an octet, the lowest first. `value`: a whole number below 2^53. */
function base128(value: number): Buffer {
  const octets: number[] = [];
  for (; value > 0x7f; value = Math.floor(value / 0x80)) octets.push((value % 0x80) | 0x80);
  octets.push(value);
  return Buffer.from(octets);
}
