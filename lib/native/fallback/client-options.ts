/** EDNS options for one client, as `native/guard/client_options.cc` adds them. */
import { DEFAULT_UDP_PAYLOAD, OPCODE, OPT_FIXED_SIZE, OPTION, OPTION_FIXED_SIZE } from '../../dns/numbers.js';
import { layout } from './layout.js';

/** Bit of the word `asked`: the query has the option NSID (RFC 5001). */
export const ASKED_NSID = 1;
/** Bit of `asked`: the query has the option edns-tcp-keepalive (RFC 7828) without a time. */
export const ASKED_KEEPALIVE = 2;
/** Bit of `asked`: the query has the option Padding (RFC 7830). */
export const ASKED_PADDING = 4;
/**
 * Bit of `asked`: the query has the option edns-tcp-keepalive with a time. In a stream this is a format error: only the
 * server sets the time (RFC 7828 s.3.2.1).
 */
export const KEEPALIVE_WITH_TIME = 8;

const NUMBERS = 10;
/** QUERY alone. */
const QUERY_ALONE = 1 << OPCODE.QUERY;

/** The settings of a transport: see `lib/worker/edns-settings.ts`. */
interface Settings {
  /** Bit n stands for opcode n. */
  opcodes: number;
  payloadSize: number;
  keepalive: number;
  paddingBlock: number;
  /** Whether the TSIG records of queries are checked. */
  signatures: boolean;
  nsid: Uint8Array;
}

/** Unpacks the settings for native code; default: those of UDP. */
export function readSettings(packed?: Uint8Array): Settings {
  if (packed === undefined)
    return {
      opcodes: QUERY_ALONE,
      payloadSize: DEFAULT_UDP_PAYLOAD,
      keepalive: 0,
      paddingBlock: 0,
      signatures: false,
      nsid: new Uint8Array(),
    };
  const view = new DataView(packed.buffer, packed.byteOffset, NUMBERS);
  const [opcodes, payloadSize, keepalive, paddingBlock, signatures] = [0, 2, 4, 6, 8].map((at) => view.getUint16(at));
  return {
    opcodes,
    payloadSize,
    keepalive,
    paddingBlock,
    signatures: signatures !== 0,
    nsid: packed.subarray(NUMBERS),
  };
}

/** `Addon.addOptions`, without cookies. An option that does not fit is left out, and padding ends with `target` (RFC 8467 s.4.1 lets it). */
export function addOptions(
  target: Uint8Array,
  length: number,
  opt: number,
  row: Uint32Array,
  edns: Uint8Array,
): number {
  const { keepalive, paddingBlock, nsid } = readSettings(edns);
  const asked = row[layout.query.asked];
  const reply = Buffer.from(target.buffer, target.byteOffset, Math.max(target.length, length));
  const most = target.length;
  let end = length;
  const fits = (data: number): boolean => end + OPTION_FIXED_SIZE + data <= most;
  const begin = (code: number, size: number): void => {
    end = reply.writeUInt16BE(code, end);
    end = reply.writeUInt16BE(size, end);
  };
  if ((asked & ASKED_NSID) !== 0 && nsid.length > 0 && fits(nsid.length)) {
    begin(OPTION.NSID, nsid.length);
    reply.set(nsid, end);
    end += nsid.length;
  }
  if ((asked & ASKED_KEEPALIVE) !== 0 && keepalive !== 0 && fits(2)) {
    begin(OPTION.TCP_KEEPALIVE, 2);
    end = reply.writeUInt16BE(keepalive, end);
  }
  // Padding is the last option, since its length depends on the others.
  if ((asked & ASKED_PADDING) !== 0 && paddingBlock !== 0 && fits(0)) {
    const blocks = Math.ceil((end + OPTION_FIXED_SIZE) / paddingBlock);
    const padded = Math.min(blocks * paddingBlock, most);
    begin(OPTION.PADDING, padded - end - OPTION_FIXED_SIZE);
    reply.fill(0, end, padded); // RFC 7830 s.3
    end = padded;
  }
  reply.writeUInt16BE(end - opt - OPT_FIXED_SIZE, opt + OPT_FIXED_SIZE - 2);
  return end;
}
