/** Formats of log lines: text with fields in braces, by CoreDNS's names. */
import { MAX_MESSAGE, MIN_UDP_PAYLOAD, OPCODE } from '../../dns/numbers.js';
import type { Query } from '../../message/query.js';
import type { Reply, ReplyOutcome } from '../../message/reply.js';

/** The formats with a name. */
export const FORMATS = {
  common:
    '{remote}:{port} - {>id} "{type} {class} {name} {proto} {size} {>do} {>bufsize}" {rcode} {>rflags} {rsize} {duration}',
  combined: '{common} "{>opcode}"',
} as const;

/** The input of a line. */
export interface Exchange {
  query: Query;
  reply: Reply;
  outcome: ReplyOutcome;
  /** From the query's arrival in the chain to the reply, in milliseconds. */
  duration: number;
}

type Field = (exchange: Exchange) => string;

/** Stands for a missing value. */
const NONE = '-';

const FIELDS: Readonly<Record<string, Field>> = {
  type: ({ query }) => query.type,
  name: ({ query }) => (query.name === '.' ? '.' : `${query.name.replaceAll('"', '\\"')}.`),
  class: ({ query }) => query.class,
  proto: ({ query }) => (query.transport === 'udp' ? 'udp' : 'tcp'),
  remote: ({ query }) => bracketed(query.client.address),
  port: ({ query }) => String(query.client.port),
  local: ({ query }) => bracketed(query.local.address),
  size: ({ query }) => String(query.length),
  rcode: ({ outcome }) => (outcome.length === 0 ? NONE : outcome.rcode),
  rsize: ({ outcome }) => String(outcome.length),
  duration: ({ duration }) => `${seconds(duration)}s`,
  '>id': ({ query }) => String(query.id),
  '>opcode': ({ query }) => String(OPCODE[query.opcode]),
  '>do': ({ query }) => String(query.dnssecOk),
  '>bufsize': ({ query }) =>
    String(query.transport === 'udp' ? Math.max(MIN_UDP_PAYLOAD, query.udpPayloadSize) : MAX_MESSAGE),
  '>rflags': ({ query, reply, outcome }) => (outcome.length === 0 ? NONE : flagsOf(query, reply, outcome)),
};

/** Words in braces that are not fields; they are printed as they are. */
export function unknownFields(format: string): string[] {
  return Array.from(format.matchAll(/\{[^{}]*\}/g), ([field]) => field).filter(
    (field) => fieldOf(field) === undefined && !Object.hasOwn(FORMATS, field.slice(1, -1)),
  );
}

/** Returns a function that makes the lines of a format. */
export function compileFormat(format: string): (exchange: Exchange) => string {
  const parts = format
    .replaceAll('{combined}', FORMATS.combined)
    .replaceAll('{common}', FORMATS.common)
    .split(/(\{[^{}]*\})/)
    .map((part): string | Field => fieldOf(part) ?? part);
  return (exchange) => parts.map((part) => (typeof part === 'string' ? part : part(exchange))).join('');
}

function fieldOf(part: string): Field | undefined {
  // Metadata is not supported.
  if (part.startsWith('{/')) return () => NONE;
  const name = part.slice(1, -1);
  return part.startsWith('{') && Object.hasOwn(FIELDS, name) ? FIELDS[name] : undefined;
}

function bracketed(address: string): string {
  return address.includes(':') ? `[${address}]` : address;
}

/** As many digits as a clock of nanoseconds has, without trailing zeros. */
function seconds(milliseconds: number): string {
  return (milliseconds / 1000).toFixed(9).replace(/\.?0+$/, '');
}

/** The flags of the reply's header, in their order there (RFC 1035 s.4.1.1, RFC 4035 s.3.2). */
function flagsOf(query: Query, reply: Reply, { truncated }: ReplyOutcome): string {
  const flags: [string, boolean][] = [
    ['qr', true],
    ['aa', reply.authoritative],
    ['tc', truncated],
    ['rd', query.recursionDesired],
    ['ra', reply.recursionAvailable],
    ['ad', reply.authenticData],
    ['cd', query.checkingDisabled],
  ];
  return flags.flatMap(([name, set]) => (set ? [name] : [])).join(',');
}
