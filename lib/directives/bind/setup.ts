/** `bind ADDRESS|IFACE... { except ADDRESS|IFACE... }`: the addresses to listen on. */
import { isIP, isIPv6, SocketAddress } from 'node:net';
import { networkInterfaces } from 'node:os';
import type { DirectiveDefinition } from '../../corefile/directive.js';
import type { DirectiveReader } from '../../corefile/reader.js';

/**
 * Its configuration is the addresses of all its uses in a server block, at least one. An interface stands for its
 * addresses at the time the Corefile is read. `except` applies to its own use only.
 */
export const bind: DirectiveDefinition<string[]> = {
  name: 'bind',
  setup: {
    configure: (uses) => uses.flatMap(readUse),
    listen: (addresses) => ({ addresses }),
  },
};

function readUse(directive: DirectiveReader): string[] {
  if (directive.args.length === 0) throw directive.error('at least one address or interface name is expected');
  const excepted = new Set(directive.block.flatMap(readExcept));
  const left = addressesOf(directive).filter((address) => !excepted.has(address));
  if (left.length === 0) directive.warn('no address is left: the server block is served nowhere');
  return left;
}

function readExcept(line: DirectiveReader): string[] {
  if (line.name !== 'except') throw line.error(`invalid option ${JSON.stringify(line.name)}`);
  line.refuseBlock();
  if (line.args.length === 0)
    throw line.error('at least one address or interface must be given to except subdirective');
  return addressesOf(line);
}

/** The addresses among the arguments in canonical form (RFC 5952), and those of the interfaces among them. */
function addressesOf(line: DirectiveReader): string[] {
  const interfaces = networkInterfaces();
  return line.args.flatMap((text) => {
    const argument = text.replace(/^\[(.*)\]$/, '$1');
    const onInterface = Object.hasOwn(interfaces, argument) ? interfaces[argument] : undefined;
    if (onInterface !== undefined) {
      // A link-local address is complete only with its link (RFC 4007 s.6).
      return onInterface.map(({ address }) => (/^fe[89ab]/i.test(address) ? `${address}%${argument}` : address));
    }
    if (isIP(argument) === 0 || argument.includes('%')) {
      throw line.error(`not a valid IP address or interface name: ${JSON.stringify(argument)}`);
    }
    return isIPv6(argument) ? new SocketAddress({ address: argument, family: 'ipv6' }).address : argument;
  });
}
