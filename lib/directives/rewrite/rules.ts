/** What `rewrite` says. All of it can be cloned into a worker. */
import type { Rcode } from '../../dns/registry.js';

/** How a name is compared. */
export type MatchKind = 'exact' | 'prefix' | 'suffix' | 'substring' | 'regex';

/** The names that a rule is for. Partial matches are of the name in lower case, with its last dot. */
export interface NamePattern {
  kind: MatchKind;
  /** `regex`: an expression; else lower case, `exact` and `suffix` with the last dot. */
  from: string;
}

/** Of the names of records, or of the names in their data. */
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
  /** Whether names of the answer are turned back, as `answer auto` has it. */
  auto: boolean;
  answers: AnswerRule[];
}

/** What stands for something of the query in the data of an EDNS option. */
export const VARIABLES = [
  'qname',
  'qtype',
  'client_ip',
  'client_port',
  'protocol',
  'server_ip',
  'server_port',
] as const;
export type Variable = (typeof VARIABLES)[number];

/** The data of an EDNS option: octets, something of the query, or the client's network, cut to so many bits. */
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

/** What a rule does. */
export type RuleAction =
  | NameRule
  | EdnsRule
  | { field: 'type'; from: number; to: number }
  | { field: 'class'; from: number; to: number }
  /** Bounds in seconds. */
  | { field: 'ttl'; pattern: NamePattern; least: number; most: number }
  | { field: 'rcode'; pattern: NamePattern; from: Rcode; to: Rcode }
  /** Of the targets of CNAME records. */
  | { field: 'cname'; pattern: NamePattern; to: string };

/** One `rewrite`; `then` says whether those after it get what it made of the query. */
export type Rule = RuleAction & { then: 'stop' | 'continue' };
