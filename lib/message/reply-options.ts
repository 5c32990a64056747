/** The EDNS options that a handler gives to a reply. */
import packet, { type OptAnswer } from 'dns-packet';
import { withScope } from '../dns/client-subnet.js';
import { readOptions, type EdnsOption } from '../dns/edns.js';
import { HEADER_SIZE, MAX_CODE, OPT_FIXED_SIZE, OPTION } from '../dns/numbers.js';
import { outOfRange } from '../errors.js';

/** Options that the server writes itself: they belong to one client and one connection. */
const SERVERS: ReadonlySet<number> = new Set([OPTION.COOKIE, OPTION.TCP_KEEPALIVE, OPTION.PADDING]);
const MAX_NSID = 255;
const MAX_DATA = 0xffff;
const MAX_PREFIX = 128;

/** Checks the arguments of `Reply.option`. */
export function checkedOption(code: number, data: Uint8Array): EdnsOption {
  if (!Number.isInteger(code) || code < 0 || code > MAX_CODE) {
    throw outOfRange('code', `an integer from 0 to ${MAX_CODE}`, code);
  }
  if (SERVERS.has(code)) throw outOfRange('code', 'none of 10, 11 and 12, which the server writes itself', code);
  if (!((data as unknown) instanceof Uint8Array)) throw new TypeError('the data of an EDNS option must be a Buffer');
  if (code === OPTION.NSID && (data.length === 0 || data.length > MAX_NSID)) {
    throw outOfRange('data.length', `from 1 to ${MAX_NSID} for NSID`, data.length);
  }
  if (data.length > MAX_DATA) throw outOfRange('data.length', `at most ${MAX_DATA}`, data.length);
  return { code, data: Buffer.from(data) };
}

/** Checks the argument of `Reply.clientSubnet`. */
export function checkedScope(scope: number): number {
  if (Number.isInteger(scope) && scope >= 0 && scope <= MAX_PREFIX) return scope;
  throw outOfRange('scope', `an integer from 0 to ${MAX_PREFIX}`, scope);
}

/**
 * Adds options to others. They replace those with the same code, except Extended DNS Errors, of which there can be
 * several (RFC 8914 s.2).
 */
export function withOptions(before: readonly EdnsOption[] | undefined, added: readonly EdnsOption[]): EdnsOption[] {
  const replaced = new Set(added.map(({ code }) => code));
  replaced.delete(OPTION.EXTENDED_ERROR);
  return [...(before ?? []).filter(({ code }) => !replaced.has(code)), ...added];
}

/** Options of another message that may go into a reply: all but those that the server writes itself, and invalid ones. */
export function sentOptions(options: readonly EdnsOption[]): EdnsOption[] {
  return options.filter(({ code, data }) => !SERVERS.has(code) && (code !== OPTION.NSID || data.length <= MAX_NSID));
}

/** The options of an OPT record in dns-packet's form, which has a shape for each known option. */
export function optionsOf(opt: OptAnswer): EdnsOption[] {
  if (((opt.options as readonly unknown[] | undefined) ?? []).length === 0) return [];
  const message = packet.encode({ type: 'response', additionals: [opt] });
  // The record is the whole message behind the header, and its owner is the root.
  return readOptions(message, HEADER_SIZE + OPT_FIXED_SIZE, message.length);
}

/**
 * The options that the client gets: a Client Subnet only if it has sent one (RFC 7871 s.7.2.1), and last, where the cache
 * finds it. `asked`: those of the query. `scope`: undefined: the handler has set none.
 */
export function clientOptions(
  given: readonly EdnsOption[] | undefined,
  scope: number | undefined,
  asked: readonly EdnsOption[],
): readonly EdnsOption[] {
  const subnet = asked.find(({ code }) => code === OPTION.CLIENT_SUBNET);
  const keeps = subnet !== undefined && scope === undefined;
  const options = (given ?? []).filter(({ code }) => code !== OPTION.CLIENT_SUBNET || keeps);
  return subnet === undefined || scope === undefined ? options : [...options, withScope(subnet, scope)];
}
