/** The functions of expressions about a query: CoreDNS's. */
import { MIN_UDP_PAYLOAD, MAX_MESSAGE } from '../../../dns/numbers.js';
import { className, typeName } from '../../../dns/registry.js';
import type { Match } from '../../../corefile/regular-expression.js';
import type { Dependency } from '../../../message/cache-choice.js';
import type { Query } from '../../../message/query.js';
import type { Environment } from './evaluate.js';
import { textOf, type Function } from './functions.js';
import type { Expression } from './parse.js';

/** A query whose name an expression matched. */
export interface Asked {
  query: Query;
  /** In Go's presentation form, lower case, with its last dot. */
  name: string;
  match: Match;
}

interface QueryFunction {
  dependsOn: readonly Dependency[];
  of: (asked: Asked) => Function;
}

const FUNCTIONS: Readonly<Record<string, QueryFunction>> = {
  type: {
    dependsOn: [],
    of:
      ({ query }) =>
      () =>
        typeName(query.typeNumber),
  },
  name: {
    dependsOn: [],
    of:
      ({ name }) =>
      () =>
        name,
  },
  class: {
    dependsOn: [],
    of:
      ({ query }) =>
      () =>
        className(query.classNumber),
  },
  proto: {
    dependsOn: ['transport'],
    of:
      ({ query }) =>
      () =>
        query.transport === 'udp' ? 'udp' : 'tcp',
  },
  size: {
    dependsOn: ['message'],
    of:
      ({ query }) =>
      () =>
        query.length,
  },
  client_ip: {
    dependsOn: ['clientAddress'],
    of:
      ({ query }) =>
      () =>
        query.client.address,
  },
  port: {
    dependsOn: ['clientPort'],
    of:
      ({ query }) =>
      () =>
        String(query.client.port),
  },
  id: {
    dependsOn: ['message'],
    of:
      ({ query }) =>
      () =>
        query.id,
  },
  opcode: { dependsOn: [], of: () => () => 0 },
  do: {
    dependsOn: ['edns'],
    of:
      ({ query }) =>
      () =>
        query.dnssecOk,
  },
  bufsize: {
    dependsOn: ['message'],
    of:
      ({ query }) =>
      () =>
        payloadSize(query),
  },
  server_ip: {
    dependsOn: ['localAddress'],
    of:
      ({ query }) =>
      () =>
        query.local.address,
  },
  server_port: {
    dependsOn: ['localAddress'],
    of:
      ({ query }) =>
      () =>
        String(query.local.port),
  },
  group: {
    dependsOn: [],
    of:
      ({ match }) =>
      (group) =>
        (typeof group === 'number' ? match.groups.at(group) : match.named.get(textOf(group))) ?? '',
  },
};

/** The names of the functions. */
export const QUERY_FUNCTIONS: readonly string[] = Object.keys(FUNCTIONS);

/** The names that an expression can use for a query. */
export function environmentOf(asked: Asked): Environment {
  return new Map(Object.entries(FUNCTIONS).map(([name, { of }]) => [name, of(asked)]));
}

/** What the value of an expression depends on. */
export function expressionDependencies(part: unknown): Dependency[] {
  if (typeof part !== 'object' || part === null) return [];
  const { kind, name } = part as Partial<Extract<Expression, { kind: 'call' }>>;
  const own = kind === 'call' && name !== undefined && Object.hasOwn(FUNCTIONS, name) ? FUNCTIONS[name].dependsOn : [];
  return [...own, ...Object.values(part).flatMap(expressionDependencies)];
}

function payloadSize(query: Query): number {
  return query.transport === 'udp' ? Math.max(MIN_UDP_PAYLOAD, query.udpPayloadSize) : MAX_MESSAGE;
}
