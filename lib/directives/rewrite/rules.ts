/** The rules of `rewrite`. They can be cloned into a worker. */
import type { Rcode } from '../../dns/registry.js';

/** How a name is compared. */
export type MatchKind = 'exact' | 'prefix' | 'suffix' | 'substring' | 'regex';

/** The names that a rule applies to. Partial matches are of the name in lower case, with its last dot. */
export interface NamePattern {
  kind: MatchKind;
  /** `regex`: an expression; else lower case, `exact` and `suffix` with the last dot. */
  from: string;
}

/** A rule for the names of records, or for the names in their data. */
export interface AnswerRule {
  what: 'name' | 'value';
  /** A regular expression. */
  from: string;
  to: string;
}

/** Another name in the question. */
export interface NameRule {
  field: 'name';
  pattern: NamePattern;
  /** `regex`: with groups in braces, `{1}`. */
  to: string;
  /** Whether names of the answer are restored, as with `answer auto`. */
  auto: boolean;
  answers: AnswerRule[];
}

/** Variables for data of the query in an EDNS option. */
export const VARIABLES = [
  'qname',
  'qtype',
  'client_ip',
  'client_port',
  'protocol',
  'server_ip',
  'server_port',
] as const;
/** A value that `edns0 local` can take from the query, by its name in CoreDNS. */
export type Variable = (typeof VARIABLES)[number];

/** The data of an EDNS option: octets, data of the query, or the client's network, cut to a number of bits. */
export type OptionData =
  | { from: 'octets'; octets: Uint8Array }
  | { from: 'variable'; variable: Variable }
  | { from: 'nothing' }
  | { from: 'subnet'; ipv4Bits: number; ipv6Bits: number };

/** Another EDNS option. */
export interface EdnsRule {
  field: 'edns0';
  action: 'set' | 'replace' | 'append' | 'unset';
  code: number;
  data: OptionData;
}

/** The action of a rule. */
export type RuleAction =
  | NameRule
  | EdnsRule
  | { field: 'type'; from: number; to: number }
  | { field: 'class'; from: number; to: number }
  /** Bounds in seconds. */
  | { field: 'ttl'; pattern: NamePattern; least: number; most: number }
  | { field: 'rcode'; pattern: NamePattern; from: Rcode; to: Rcode }
  /** For the targets of CNAME records. */
  | { field: 'cname'; pattern: NamePattern; to: string };

/** One `rewrite`; `then` says whether later ones get the rewritten query. */
export type Rule = RuleAction & { then: 'stop' | 'continue' };
