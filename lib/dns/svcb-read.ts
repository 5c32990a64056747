/** SVCB and HTTPS as they come by the wire (RFC 9460 s.2.2). */
import { isUtf8 } from 'node:buffer';
import { escapeOctet } from './escapes.js';
import { ipv4At, ipv6At } from './ip-text.js';
import { parameterName, writeServiceBinding, type ServiceBinding, type ServiceParameters } from './svcb.js';
import { MessageWriter } from './writer.js';

type Reader = (value: Buffer) => unknown;

/** From a value's octets to what `ServiceParameters` has, by its key. What has no reader stays octets. */
const READERS: Readonly<Record<string, Reader>> = {
  mandatory: each(2, (value, at) => parameterName(value.readUInt16BE(at))),
  alpn: strings,
  'no-default-alpn': () => true,
  port: (value) => value.readUInt16BE(0),
  ipv4hint: each(4, ipv4At),
  ipv6hint: each(16, ipv6At),
  dohpath: (value) => (isUtf8(value) ? value.toString() : Buffer.from(value)),
  ohttp: () => true,
};

/**
 * Reads RDATA into what {@link writeServiceBinding} makes the same octets of. Undefined where there is no such thing: it
 * is malformed (RFC 9460 s.2.2), or says what may be said in one way only in another.
 */
export function readServiceBinding(rdata: Buffer): ServiceBinding | undefined {
  try {
    const binding = read(rdata);
    const written = Buffer.alloc(rdata.length);
    const writer = new MessageWriter();
    writer.begin(written, 0, written.length, '.');
    writeServiceBinding(writer, binding);
    return writer.at === rdata.length && written.equals(rdata) ? binding : undefined;
  } catch {
    return undefined; // it ends too early, or cannot be written
  }
}

function read(rdata: Buffer): ServiceBinding {
  const labels: string[] = [];
  let at = 2;
  for (let length = rdata.readUInt8(at++); length > 0; length = rdata.readUInt8(at++)) {
    labels.push(Array.from(rdata.subarray(at, at + length), escapeOctet).join(''));
    at += length;
  }
  const binding = { priority: rdata.readUInt16BE(0), target: labels.length === 0 ? '.' : labels.join('.') };
  if (at === rdata.length) return binding;
  const params: Record<string, unknown> = {}; // of the right types, as READERS has it
  while (at < rdata.length) {
    const name = parameterName(rdata.readUInt16BE(at));
    const start = at + 4;
    at = start + rdata.readUInt16BE(at + 2);
    const value = rdata.subarray(start, at);
    params[name] = Object.hasOwn(READERS, name) ? READERS[name](value) : Buffer.from(value);
  }
  return { ...binding, params: params as ServiceParameters };
}

/** Items of `size` octets each. */
function each(size: number, item: (value: Buffer, at: number) => string): Reader {
  return (value) => Array.from({ length: Math.floor(value.length / size) }, (_, i) => item(value, i * size));
}

function strings(value: Buffer): string[] {
  const items: string[] = [];
  for (let at = 0; at < value.length; at += 1 + value[at])
    items.push(value.toString('latin1', at + 1, at + 1 + value[at]));
  return items;
}
