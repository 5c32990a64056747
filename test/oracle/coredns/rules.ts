/**
 * Who is right where two answers differ, and why. A rule looks at what it is about, and at nothing else: what it does not
 * mention must still be equal.
 */
import type { Answer } from './answers.js';
import type { Exchange } from './compare-answers.js';

/** A kind of difference. */
export interface Rule {
  name: string;
  right: 'ours' | 'either';
  /** The RFC and section that says so. */
  reference: string;
  /** Takes this difference out of CoreDNS's answer, where it is; the answers are then ours and that. */
  settle(exchange: Answered): Answer;
}

/** Both have answered. */
export interface Answered extends Exchange {
  ours: Answer;
  theirs: Answer;
}

/** They are tried in turn; what differs after all of them is open. */
export const RULES: readonly Rule[] = [
  {
    name: 'no OPT in the reply to a query without one',
    right: 'ours',
    reference: 'RFC 6891 s.7',
    settle: ({ question, theirs }) => (question.edns === undefined ? { ...theirs, edns: false } : theirs),
  },
  {
    name: 'a question for DS below the top of a zone that is served here is answered by that zone',
    right: 'ours',
    reference: "RFC 4035 s.3.1.4.1: only the DS of the zone itself is its parent's",
    settle: ({ question, ours, theirs }) => {
      const isBelow = question.type === 'DS' && /.\.sub\.example\.org$/i.test(question.name);
      const isOfZone = isAliasAlone(ours) || ours.authority.at(0)?.startsWith('sub.example.org ') === true;
      return isBelow && isOfZone && ours.flags.includes('aa') && isDelegation(theirs)
        ? { ...ours, edns: theirs.edns }
        : theirs;
    },
  },
  {
    name: 'the directive header changes errors of the server, too',
    right: 'either',
    reference: 'its page; CoreDNS changes what a directive has written',
    settle: ({ question, ours, theirs }) =>
      /(?:^|\.)head\.test$/i.test(question.name) && ours.rcode === 'REFUSED' && theirs.rcode === 'REFUSED'
        ? { ...theirs, flags: ours.flags }
        : theirs,
  },
  {
    name: 'the TTL of a negative answer is at most MINIMUM of its SOA',
    right: 'ours',
    reference: 'RFC 2308 s.3',
    settle: ({ question, theirs }) =>
      theirs.answer.every((record) => ['cname', 'dname'].includes(typeOf(record)) && question.type !== 'CNAME')
        ? { ...theirs, authority: theirs.authority.map(withNegativeTtl) }
        : theirs,
  },
  {
    name: 'NS records and their addresses beside a positive answer',
    right: 'either',
    reference: 'RFC 2181 s.5.4.1: they may be there; leaving them out keeps replies short',
    settle: ({ ours, theirs }) => {
      const isMore = theirs.answer.length > 0 && ours.authority.length === 0 && theirs.authority.every(isNs);
      if (!isMore) return theirs;
      const targets = theirs.authority.map(targetOf);
      const isOwn = (record: string): boolean => ours.additional.includes(record) || !isAddressOf(targets, record);
      return { ...theirs, authority: [], additional: theirs.additional.filter(isOwn) };
    },
  },
  {
    name: "an alias whose target has no record of the type: the SOA of the target's zone is there",
    right: 'ours',
    reference: 'RFC 2308 s.2.2',
    settle: ({ ours, theirs }) => {
      if (!isAliasAlone(ours) || !isSoaAbove(ours.authority, endOf(ours.answer))) return theirs;
      const isOfAlias =
        isSoaAbove(theirs.authority, ownerOf(ours.answer[0])) && !isSoaAbove(theirs.authority, endOf(ours.answer));
      return theirs.authority.every(isNs) || isOfAlias ? { ...theirs, authority: ours.authority } : theirs;
    },
  },
  {
    name: 'ANY is answered with one set of records, also by a wildcard or an alias',
    right: 'ours',
    reference: 'RFC 8482 s.4.1, RFC 4592 s.2.2.1, RFC 1034 s.4.3.2 step 3a',
    settle: ({ question, ours, theirs }) => {
      const isOneSet = new Set(ours.answer.map((record) => `${ownerOf(record)} ${typeOf(record)}`)).size === 1;
      const isOfName = ownerOf(ours.answer.at(0) ?? '') === nameOf(question.name);
      const isAlias = isAliasAlone(ours) && isAliasAlone({ ...theirs, answer: theirs.answer.slice(0, 1) });
      const isPart = theirs.answer.length === 0 || isAlias || isWithin(ours.answer, theirs.answer);
      if (question.type !== 'ANY' || !isOneSet || !isOfName || !isPart) return theirs;
      // CoreDNS's answer for a wildcard has no data. An alias is an answer to ANY: what it leads to is no part of it.
      const rcode = isAlias ? ours.rcode : theirs.rcode;
      return { ...theirs, rcode, answer: ours.answer, authority: ours.authority, additional: ours.additional };
    },
  },
  {
    name: 'addresses of name servers in a delegation that are in the zone above it',
    right: 'either',
    reference: 'RFC 9471 s.2.2: sibling glue may be left out',
    settle: ({ ours, theirs }) => {
      if (!isDelegation(ours) || !isDelegation(theirs)) return theirs;
      const targets = ours.authority.filter(isNs).map(targetOf);
      const more = ours.additional.filter((record) => !theirs.additional.includes(record));
      return more.every((record) => isAddressOf(targets, record))
        ? { ...theirs, additional: [...theirs.additional, ...more].sort() }
        : theirs;
    },
  },
  {
    name: 'an alias to a name of a hosts file, which has no SOA: the SOA of the zone of the alias says nothing of it',
    right: 'ours',
    reference: 'RFC 2308 s.2.2',
    settle: ({ ours, theirs }) =>
      isAliasAlone(ours) &&
      endOf(ours.answer).endsWith('.hosts.test') &&
      isSoaAbove(theirs.authority, ownerOf(ours.answer[0]))
        ? { ...theirs, authority: [] }
        : theirs,
  },
  {
    name: 'an alias into a zone below that is served here, too, is followed to its end, with all that belongs to the answer',
    right: 'ours',
    reference: 'RFC 1034 s.4.3.2',
    settle: ({ ours, theirs }) => {
      const aliases = theirs.answer.filter((record) => typeOf(record) === 'cname');
      if (aliases.length === 0 || !isWithin(theirs.answer, ours.answer)) return theirs;
      const target = endOf(aliases);
      const more = ours.answer.filter((record) => !theirs.answer.includes(record));
      const isEnd = ours.answer.length > aliases.length && more.every((record) => ownerOf(record) === target);
      const isFoundHere = /\.(?:sub\.example\.org|tmpl\.test|hosts\.test)$/.test(unrewritten(target));
      const isMeant =
        isWithin(theirs.additional, ours.additional) && ours.additional.every((record) => isTarget(ours, record));
      if (!isFoundHere || !isMeant || !(isEnd || isSoaAbove(ours.authority, target))) return theirs;
      return { ...theirs, answer: ours.answer, authority: ours.authority, additional: ours.additional };
    },
  },
  {
    name: 'an alias whose chain leads back to itself: each record once',
    right: 'ours',
    reference: 'RFC 2181 s.5, RFC 1034 s.3.6.2',
    settle: ({ question, ours, theirs }) => {
      const isLoop = /^loop[12]\./i.test(question.name) && question.type !== 'CNAME';
      const isRound = [...ours.answer, ...theirs.answer].every((record) => typeOf(record) === 'cname');
      const isSame = isWithin(theirs.answer, ours.answer) && new Set(theirs.answer).size === ours.answer.length;
      return isLoop &&
        isRound &&
        isSame &&
        theirs.authority.every(isNs) &&
        ['NOERROR', 'SERVFAIL'].includes(theirs.rcode)
        ? { ...theirs, rcode: ours.rcode, answer: ours.answer, authority: ours.authority }
        : theirs;
    },
  },
  {
    name: 'classes other than IN are refused',
    right: 'ours',
    reference: 'RFC 1035 s.4.1.1: REFUSED, since no zone of that class is served',
    settle: ({ question, ours, theirs }) =>
      question.class !== 'IN' && ours.rcode === 'REFUSED' && isEmpty(ours) && !ours.flags.includes('aa')
        ? { ...ours, edns: theirs.edns }
        : theirs,
  },
  {
    name: 'a reply that is longer than the client takes has TC set',
    right: 'ours',
    reference: 'RFC 2181 s.9',
    settle: ({ ours, theirs }) =>
      ours.flags.includes('tc') && isWithin(ours.answer, theirs.answer) && (theirs.answer.length > 0 || isEmpty(ours))
        ? { ...ours, edns: theirs.edns }
        : theirs,
  },
];

function isAliasAlone({ answer }: Answer): boolean {
  return answer.length > 0 && answer.every((record) => typeOf(record) === 'cname');
}

function isDelegation({ flags, answer, authority }: Answer): boolean {
  return !flags.includes('aa') && answer.length === 0 && authority.some(isNs);
}

function isEmpty({ answer, authority, additional }: Answer): boolean {
  return answer.length + authority.length + additional.length === 0;
}

function isNs(record: string): boolean {
  return typeOf(record) === 'ns';
}

/** Whether the record is one of a name that the answer's data have. */
function isTarget({ answer }: Answer, record: string): boolean {
  return answer.some((other) => other.includes(`"${ownerOf(record)}"`));
}

/** The name before the site's rules of `rewrite`. */
function unrewritten(name: string): string {
  return name.replace(/(?<=\.)(?:rw|lb|racl|min|head)\.test$/, 'example.org');
}

/** Whether the records are one SOA of a zone that has the name. */
function isSoaAbove(records: readonly string[], name: string): boolean {
  if (records.length !== 1 || typeOf(records[0]) !== 'soa') return false;
  return `.${unrewritten(name)}`.endsWith(`.${unrewritten(ownerOf(records[0]))}`);
}

function isWithin(records: readonly string[], others: readonly string[]): boolean {
  return records.every((record) => others.includes(record));
}

/** The name that a chain of CNAMEs leads to. */
function endOf(records: readonly string[]): string {
  const owners = new Set(records.map(ownerOf));
  return records.map(targetOf).find((target) => !owners.has(target)) ?? '';
}

/** Whether the record is an address of one of the names. */
function isAddressOf(names: readonly string[], record: string): boolean {
  return ['a', 'aaaa'].includes(typeOf(record)) && names.includes(ownerOf(record));
}

function ownerOf(record: string): string {
  return record.split(' ')[0];
}

function typeOf(record: string): string {
  return record.split(' ')[3] ?? '';
}

/** The name in the data of an NS or CNAME record. */
function targetOf(record: string): string {
  return /"(.*)"$/.exec(record)?.[1] ?? '';
}

/** A name as records have it. */
function nameOf(name: string): string {
  return name.toLowerCase();
}

function withNegativeTtl(record: string): string {
  const [, name, ttl, rest, minimum] = /^(\S+) (\d+) (in soa .*"minimum":(\d+).*)$/.exec(record) ?? [];
  return (name as string | undefined) === undefined
    ? record
    : `${name} ${Math.min(Number(ttl), Number(minimum))} ${rest}`;
}
