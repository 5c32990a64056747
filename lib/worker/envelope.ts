/** Reads the envelopes that native code puts before messages (`layout.envelope`). */
import { addon } from '../native/addon.js';
import type { Endpoint, Origin, Transport } from '../message/batch.js';
import { PLAIN } from '../message/connection.js';
import { endpointAt } from './ip.js';

const { envelope } = addon.layout;

/** The origin of messages in envelopes of `envelopeSize` bytes. `locals`: the addresses that sockets are bound to, by number. */
export function envelopeOrigin(transport: Transport, locals: readonly Endpoint[], envelopeSize: number): Origin {
  const ends = { client: senderOf, local: (input: Buffer, at: number): Endpoint => localOf(input, at, locals) };
  const real = { client: realClientOf, local: realLocalOf };
  const endsOf = (input: Buffer, at: number): typeof ends => (isProxied(input, at) ? real : ends);
  const isProxied = (input: Buffer, at: number): boolean =>
    envelopeSize > addon.layout.envelopeSize && input[at + envelope.proxied] !== 0;
  return {
    transport,
    envelopeSize,
    client: (input, messageOffset) =>
      endsOf(input, messageOffset - envelopeSize).client(input, messageOffset - envelopeSize),
    local: (input, messageOffset) =>
      endsOf(input, messageOffset - envelopeSize).local(input, messageOffset - envelopeSize),
    connection: (input, messageOffset) => {
      const at = messageOffset - envelopeSize;
      return isProxied(input, at) ? { proxy: senderOf(input, at) } : PLAIN;
    },
  };
}

/** The end that sent the message itself. `at`: the offset of the envelope. */
function senderOf(input: Buffer, at: number): Endpoint {
  const family = familyOf(input[at + envelope.family]);
  const address = family === 6 ? envelope.clientAddress6 : envelope.clientAddress4;
  return endpointAt(input, at + address, family, input.readUInt16BE(at + envelope.clientPort));
}

function localOf(input: Buffer, at: number, locals: readonly Endpoint[]): Endpoint {
  const bound = locals[input.readUInt32LE(at + envelope.socket)];
  const code = input[at + envelope.localFamily];
  if (code === 0) return bound;
  return endpointAt(input, at + envelope.localAddress, familyOf(code), bound.port);
}

/** The client that the proxy has named. */
function realClientOf(input: Buffer, at: number): Endpoint {
  return endpointAt(input, at + envelope.realAddress, 6, input.readUInt16BE(at + envelope.realPort));
}

/** The address of the proxy that its client asked. */
function realLocalOf(input: Buffer, at: number): Endpoint {
  return endpointAt(input, at + envelope.realLocalAddress, 6, input.readUInt16BE(at + envelope.realLocalPort));
}

function familyOf(code: number): 4 | 6 {
  return code === 6 ? 6 : 4;
}
