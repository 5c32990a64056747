/** Reads the envelopes that native code puts before messages (`layout.envelope`). */
import { addon } from '../native/addon.js';
import type { Endpoint, Origin, Transport } from '../message/batch.js';
import { endpointAt } from './ip.js';

const { envelope, envelopeSize } = addon.layout;

/** The origin of messages in envelopes. `locals`: the addresses that sockets are bound to, by number. */
export function envelopeOrigin(transport: Transport, locals: readonly Endpoint[]): Origin {
  const start = (messageOffset: number): number => messageOffset - envelopeSize;
  const familyOf = (code: number): 4 | 6 => (code === 6 ? 6 : 4);
  return {
    transport,
    envelopeSize,
    client: (input, messageOffset) => {
      const at = start(messageOffset);
      const family = familyOf(input[at + envelope.family]);
      const address = family === 6 ? envelope.clientAddress6 : envelope.clientAddress4;
      return endpointAt(input, at + address, family, input.readUInt16BE(at + envelope.clientPort));
    },
    local: (input, messageOffset) => {
      const at = start(messageOffset);
      const bound = locals[input.readUInt32LE(at + envelope.socket)];
      const code = input[at + envelope.localFamily];
      if (code === 0) return bound;
      return endpointAt(input, at + envelope.localAddress, familyOf(code), bound.port);
    },
  };
}
