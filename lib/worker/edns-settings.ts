import { OPCODE } from '../dns/numbers.js';
import type { Opcode } from '../dns/registry.js';
import type { Transport } from '../message/batch.js';

/** The length of a padded reply is a multiple of this many octets (RFC 8467 s.4.1). */
const PADDING_BLOCK = 468;
/** The unit of keepalive's time, in ms (RFC 7828 s.3.1). */
const KEEPALIVE_UNIT = 100;

/** Bytes of the numbers before the identifier. */
const NUMBERS = 10;

/** How a server uses EDNS, which opcodes it takes, and whether it checks signatures. */
export interface EdnsOptions {
  /** Default: QUERY alone. */
  opcodes?: readonly Opcode[];
  /** Whether the signatures of queries are checked. Default: false. */
  signatures?: boolean;
  /** The longest UDP reply in bytes, also announced in OPT records. */
  maxPayloadSize: number;
  /** How long a connection may be idle, in ms. */
  idleTimeout: number;
  /** Whether gRPC is encrypted. */
  grpcEncrypted: boolean;
  /** The name server identifier (RFC 5001), 1 to 255 bytes; undefined: none. */
  nsid: Uint8Array | undefined;
}

/** The settings of each transport, as `EdnsSettings` of `native/guard/client_options.h` reads them. */
export type EdnsSettings = Readonly<Record<Transport, Uint8Array>>;

/** Packs the opcodes, whether signatures are checked, and the contents of OPT records that do not belong to an answer, in native code's form. */
export function ednsSettings(options: EdnsOptions): EdnsSettings {
  const { opcodes = ['QUERY'], signatures = false, maxPayloadSize, idleTimeout, grpcEncrypted } = options;
  const { nsid = new Uint8Array(0) } = options;
  const opcodeBits = opcodes.reduce((bits, name) => bits | (1 << OPCODE[name]), 0);
  const keepalive = Math.min(0xffff, Math.max(1, Math.floor(idleTimeout / KEEPALIVE_UNIT)));
  const pack = (keepaliveTime: number, paddingBlock: number): Uint8Array => {
    const packed = new Uint8Array(NUMBERS + nsid.length);
    const view = new DataView(packed.buffer);
    view.setUint16(0, opcodeBits);
    view.setUint16(2, maxPayloadSize);
    view.setUint16(4, keepaliveTime);
    view.setUint16(6, paddingBlock);
    view.setUint16(8, Number(signatures));
    packed.set(nsid, NUMBERS);
    return packed;
  };
  return {
    udp: pack(0, 0),
    tcp: pack(keepalive, 0),
    // Padding is useless without encryption (RFC 7830 s.6); keepalive is for connections that carry DNS alone.
    tls: pack(keepalive, PADDING_BLOCK),
    https: pack(0, PADDING_BLOCK),
    grpc: pack(0, grpcEncrypted ? PADDING_BLOCK : 0),
  };
}

/** A transport's settings with another name server identifier, 1 to 255 bytes. */
export function withNsid(settings: Uint8Array, nsid: Uint8Array): Uint8Array {
  const packed = new Uint8Array(NUMBERS + nsid.length);
  packed.set(settings.subarray(0, NUMBERS));
  packed.set(nsid, NUMBERS);
  return packed;
}
