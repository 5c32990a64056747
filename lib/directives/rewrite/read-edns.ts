/** Reads the `edns0` rules of `rewrite`. */
import type { DirectiveReader } from '../../corefile/reader.js';
import { MAX_CODE, OPTION } from '../../dns/numbers.js';
import { VARIABLES, type EdnsRule, type OptionData, type Variable } from './rules.js';

const IPV4_BITS = 32;
const IPV6_BITS = 128;
const NOTHING: OptionData = { from: 'nothing' };

/** `local|nsid|subnet set|replace|append|unset ... [revert]`. */
export function readEdns(use: DirectiveReader, words: readonly string[]): EdnsRule {
  if (words.length < 2) throw use.error('too few arguments for an EDNS0 rule');
  const [kind, action] = words.map((word) => word.toLowerCase());
  if (action !== 'set' && action !== 'replace' && action !== 'append' && action !== 'unset')
    throw use.error(`invalid action: ${JSON.stringify(action)}`);
  // The options of the answer are this server's own, so there is nothing to restore.
  const rest = words.slice(2, action !== 'unset' && words.at(-1) === 'revert' ? -1 : undefined);
  const rule = { field: 'edns0', action } as const;
  switch (kind) {
    case 'local':
      return { ...rule, ...readLocal(use, action === 'unset', rest) };
    case 'nsid':
      if (rest.length > 0) throw use.error('EDNS0 NSID rules can accept no more than one arg');
      return { ...rule, code: OPTION.NSID, data: NOTHING };
    case 'subnet':
      return { ...rule, code: OPTION.CLIENT_SUBNET, data: readSubnet(use, action === 'unset', rest) };
    default:
      throw use.error(`invalid rule type ${JSON.stringify(kind)}`);
  }
}

function readLocal(use: DirectiveReader, unset: boolean, words: readonly string[]): Pick<EdnsRule, 'code' | 'data'> {
  if (words.length !== (unset ? 1 : 2))
    throw use.error(
      unset ? 'local unset action requires exactly two arguments' : 'EDNS0 local rules require three or four args',
    );
  const [code, data] = words as [string, string | undefined];
  const number = /^(?:0x[\da-f]+|0b[01]+|0o?[0-7]+|[1-9]\d*|0)$/i.test(code)
    ? Number(code.replace(/^0(?=[0-7])/, '0o'))
    : NaN;
  if (!(number <= MAX_CODE)) throw use.error(`invalid EDNS option code ${JSON.stringify(code)}: 0 to ${MAX_CODE}`);
  return { code: number, data: data === undefined ? NOTHING : readData(use, data) };
}

function readData(use: DirectiveReader, text: string): OptionData {
  if (text.startsWith('{') && text.endsWith('}')) {
    const variable = text.slice(1, -1);
    if (VARIABLES.some((name) => name === variable)) return { from: 'variable', variable: variable as Variable };
    throw use.error(`unsupported variable name ${JSON.stringify(text)}`);
  }
  if (!text.startsWith('0x')) return { from: 'octets', octets: Buffer.from(text) };
  if (!/^(?:[\da-f]{2})*$/i.test(text.slice(2))) throw use.error(`invalid hexadecimal digits ${JSON.stringify(text)}`);
  return { from: 'octets', octets: Buffer.from(text.slice(2), 'hex') };
}

function readSubnet(use: DirectiveReader, unset: boolean, words: readonly string[]): OptionData {
  if (words.length !== (unset ? 0 : 2))
    throw use.error(
      unset ? 'subnet unset action requires exactly one argument' : 'EDNS0 subnet rules require three or four args',
    );
  if (unset) return NOTHING;
  const [ipv4Bits, ipv6Bits] = words.map((word, place) => {
    const [family, most] = place === 0 ? ['IPv4', IPV4_BITS] : ['IPv6', IPV6_BITS];
    if (!/^\d+$/.test(word) || Number(word) > most) throw use.error(`invalid ${family} bit mask length ${word}`);
    return Number(word);
  });
  return { from: 'subnet', ipv4Bits, ipv6Bits };
}
