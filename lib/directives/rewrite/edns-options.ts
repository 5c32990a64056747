/** EDNS options that `rewrite` sets. */
import type { EdnsOption } from '../../dns/edns.js';
import { writeIPv4, writeIPv6 } from '../../dns/records/fields.js';
import { MessageWriter } from '../../dns/writer.js';
import { goName } from '../go-name.js';
import type { Dependency } from '../../message/cache-choice.js';
import type { Endpoint } from '../../message/batch.js';
import type { Query } from '../../message/query.js';
import type { EdnsRule, OptionData, Variable } from './rules.js';

/** Address families of Client Subnet (RFC 7871 s.6). */
const FAMILY = { IPv4: 1, IPv6: 2 } as const;

/** What a reply depends on if an option contains data of the query. */
const DEPENDENCIES: Readonly<Record<Variable, Dependency[]>> = {
  qname: ['message'], // the client's spelling
  qtype: [],
  client_ip: ['clientAddress'],
  client_port: ['clientPort'],
  protocol: ['transport'],
  server_ip: ['localAddress'],
  server_port: ['localAddress'],
};

/** What a reply to the rewritten query depends on. */
export function optionDependencies({ data }: EdnsRule): readonly Dependency[] {
  if (data.from === 'subnet') return ['clientAddress'];
  return data.from === 'variable' ? DEPENDENCIES[data.variable] : [];
}

/** The options of the rewritten query; undefined if the rule does not apply. */
export function rewrittenOptions({ action, code, data }: EdnsRule, query: Query): EdnsOption[] | undefined {
  const options = query.edns?.options ?? [];
  if (action === 'unset') return options.filter((option) => option.code !== code);
  const place = options.findIndex((option) => option.code === code);
  const option = { code, data: octetsOf(data, query) };
  if (place < 0) return action === 'replace' ? undefined : [...options, option];
  if (action !== 'append') return options.with(place, option);
  return data.from === 'octets' || data.from === 'nothing' ? [...options, option] : undefined;
}

function octetsOf(data: OptionData, query: Query): Buffer {
  switch (data.from) {
    case 'octets':
      return Buffer.from(data.octets);
    case 'nothing':
      return Buffer.alloc(0);
    case 'subnet':
      return subnet(query, data.ipv4Bits, data.ipv6Bits);
    case 'variable':
      return valueOf(data.variable, query);
  }
}

function valueOf(variable: Variable, query: Query): Buffer {
  const { client, local } = query;
  switch (variable) {
    case 'qname':
      return Buffer.from(goName(query.name));
    case 'qtype':
      return u16(query.typeNumber);
    case 'client_ip':
      return addressOctets(client);
    case 'client_port':
      return u16(client.port);
    case 'protocol':
      return Buffer.from(query.transport === 'udp' ? 'udp' : 'tcp');
    case 'server_ip':
      return addressOctets(local);
    case 'server_port':
      return u16(local.port);
  }
}

/** A Client Subnet option's data: the address is cut to the octets that have some of the bits (RFC 7871 s.6). */
function subnet({ client }: Query, ipv4Bits: number, ipv6Bits: number): Buffer {
  const bits = client.family === 'IPv4' ? ipv4Bits : ipv6Bits;
  const octets = addressOctets(client).subarray(0, Math.ceil(bits / 8));
  if (bits % 8 > 0) octets[octets.length - 1] &= 0xff << (8 - (bits % 8));
  return Buffer.concat([u16(FAMILY[client.family]), Buffer.of(bits, 0), octets]);
}

function addressOctets({ address, family }: Endpoint): Buffer {
  const octets = Buffer.alloc(16);
  const writer = new MessageWriter();
  writer.begin(octets, 0, octets.length, '.');
  if (family === 'IPv4') writeIPv4(writer, address);
  else writeIPv6(writer, address.replace(/%.*/, ''));
  return octets.subarray(0, writer.at);
}

function u16(number: number): Buffer {
  return Buffer.of(number >> 8, number & 0xff);
}
