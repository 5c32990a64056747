/** `acl [ZONES...] { allow|block|filter|drop [type QTYPE...] [net SOURCE...] }`: who may ask what. */
import { isIP } from 'node:net';
import type { DirectiveDefinition } from '../../corefile/directive.js';
import type { DirectiveReader } from '../../corefile/reader.js';
import { typeNumber } from '../../dns/registry.js';
import { readZones } from '../arguments.js';
import { startAcl, type Action, type Policy, type Rule } from './handler.js';

const ACTIONS: readonly string[] = ['allow', 'block', 'filter', 'drop'];

/** Its configuration is the rules, in the file's order. */
export const acl: DirectiveDefinition<Rule[]> = {
  name: 'acl',
  setup: {
    configure: (uses, block) =>
      uses.map((use) => ({
        zones: readZones(use, use.args, block.zones),
        policies: use.block.map(readPolicy),
      })),
    start: startAcl,
  },
};

function readPolicy(line: DirectiveReader): Policy {
  if (!ACTIONS.includes(line.name)) throw line.syntaxError("allow', 'block', 'filter' or 'drop");
  line.refuseBlock();
  const policy: Policy = { action: line.name as Action, types: undefined, nets: undefined };
  let section: 'type' | 'net' | undefined;
  for (const word of line.args) {
    const lower = word.toLowerCase();
    if (lower === 'type' || lower === 'net') {
      section = lower;
      if (section === 'type') policy.types ??= [];
      else policy.nets ??= [];
    } else if (section === undefined) {
      throw line.error(`unexpected token '${word}', expecting 'type' or 'net'`);
    } else if (section === 'type') {
      policy.types?.push(readType(line, word));
    } else {
      policy.nets?.push(readNet(line, word));
    }
  }
  if (policy.types?.length === 0 || policy.nets?.length === 0) throw line.argError();
  // `*` and ANY stand for all types, as in CoreDNS.
  if (policy.types?.includes(255) === true) policy.types = undefined;
  return policy;
}

function readType(line: DirectiveReader, word: string): number {
  const type = word === '*' ? 255 : typeNumber(word.toUpperCase());
  if (type === undefined) throw line.error(`unexpected token '${word}', expecting legal QTYPE`);
  return type;
}

function readNet(line: DirectiveReader, word: string): Policy['nets'] extends (infer Net)[] | undefined ? Net : never {
  if (word === '*') return { address: '::', prefix: 0, family: 'any' };
  const [address, digits] = word.split('/') as [string, string | undefined];
  const version = isIP(address);
  const most = version === 4 ? 32 : 128;
  const prefix = digits === undefined ? most : Number(digits);
  if (version === 0 || !/^\d*$/.test(digits ?? '') || digits === '' || prefix > most) {
    throw line.error(`illegal CIDR notation '${word}'`);
  }
  return { address, prefix, family: version === 4 ? 'ipv4' : 'ipv6' };
}
