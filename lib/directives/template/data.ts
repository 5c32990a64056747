/** The data of a template. */
import type { Match } from '../../corefile/regular-expression.js';
import type { Query } from '../../message/query.js';
import { className, typeName } from '../../dns/registry.js';
import { fromOutside } from './outside-text.js';
import { Struct, type Value } from './go/values.js';

/** The result of a match. Names are in Go's presentation form and end with a dot. */
export interface Matched {
  query: Query;
  name: string;
  zone: string;
  /** The expression that matched, and its result. */
  source: string;
  match: Match;
  /** Numbers: the question's, or the template's where the question has ANY. */
  qclass: number;
  qtype: number;
  variables: ReadonlyMap<string, Value>;
}

/**
 * CoreDNS's data for templates. Text that a client or an expression chose is marked as from outside; types and classes
 * are not.
 */
export function templateData({ query, name, zone, source, match, qclass, qtype, variables }: Matched): Struct {
  return new Struct('template.templateData', {
    Name: fromOutside(name),
    Zone: fromOutside(zone),
    Class: className(qclass),
    Type: typeName(qtype),
    Regex: fromOutside(source),
    get Match() {
      return match.groups.map(fromOutside);
    },
    get Group() {
      const numbered = match.groups.map((text, place): [string, string] => [String(place), text]);
      return new Map([...numbered, ...match.named].map(([key, text]) => [key, fromOutside(text)]));
    },
    get Remote() {
      return fromOutside(query.client.address);
    },
    get Question() {
      return question(query);
    },
    get Message() {
      return message(query);
    },
    Var: variables,
    // Metadata is not supported.
    Meta: () => '',
  });
}

function question(query: Query): Struct {
  return new Struct('dns.Question', {
    Name: fromOutside(query.name === '.' ? '.' : `${query.name}.`),
    Qtype: BigInt(query.typeNumber),
    Qclass: BigInt(query.classNumber),
  });
}

function message(query: Query): Struct {
  return new Struct('dns.Msg', {
    Id: BigInt(query.id),
    Response: false,
    Opcode: 0n,
    Authoritative: false,
    Truncated: false,
    RecursionDesired: query.recursionDesired,
    RecursionAvailable: false,
    Zero: false,
    AuthenticatedData: query.authenticData,
    CheckingDisabled: query.checkingDisabled,
    Rcode: 0n,
    Question: [question(query)],
    Answer: [],
    Ns: [],
  });
}
