/** `proxyproto { allow CIDR…; default POLICY }`: proxies that name their clients by the PROXY protocol. */
import type { DirectiveDefinition } from '../../corefile/directive.js';
import type { DirectiveReader } from '../../corefile/reader.js';
import { parseNetwork } from '../../dns/networks.js';
import type { ProxyProtocolOptions } from '../../options/proxy-protocol.js';

const EVERYBODY = ['0.0.0.0/0', '::/0'];
/** What the policies make of a header from an address that is not allowed; undefined: it is believed. */
const OTHERS: Readonly<Record<string, ProxyProtocolOptions['others']>> = {
  use: undefined,
  ignore: 'skip',
  reject: 'refuse',
  skip: 'data',
};

interface Lines {
  allowed: string[];
  policy?: string;
}

/** Its configuration is the option `proxyProtocol` of an address. */
export const proxyproto: DirectiveDefinition<ProxyProtocolOptions> = {
  name: 'proxyproto',
  setup: {
    configure(uses) {
      const lines: Lines = { allowed: [] };
      for (const use of uses) {
        use.arguments(0);
        for (const line of use.block) readLine(line, lines);
      }
      const { allowed, policy = allowed.length === 0 ? 'use' : 'ignore' } = lines;
      const others = OTHERS[policy];
      return others === undefined ? { from: EVERYBODY } : { from: allowed, others };
    },
    listen: (proxyProtocol) => ({ proxyProtocol }),
  },
};

function readLine(line: DirectiveReader, lines: Lines): void {
  line.ignoreBlock();
  switch (line.name) {
    case 'allow':
      lines.allowed.push(...line.arguments(0, Infinity).map((text) => readNetwork(line, text)));
      break;
    case 'default': {
      const policy = line.arguments(1)[0].toLowerCase();
      if (!Object.hasOwn(OTHERS, policy)) throw line.argError();
      lines.policy = policy;
      break;
    }
    case 'udp_session_tracking':
    case 'tlv_metadata':
      throw line.error(`'${line.name}' is not supported`);
    default:
      throw line.error(`unknown option '${line.name}'`);
  }
}

function readNetwork(line: DirectiveReader, text: string): string {
  if (text.includes('/') && parseNetwork(text) !== undefined) return text;
  throw line.error(`${text}: invalid CIDR address: ${text}`);
}
