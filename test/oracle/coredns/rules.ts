/** Who is right where two answers differ, and why. */
import type { Answer } from './answers.js';
import type { Exchange } from './compare-answers.js';

/** A kind of difference. */
export interface Rule {
  name: string;
  right: 'ours' | 'either';
  /** The RFC and section that says so. */
  reference: string;
  /** Takes this difference out of both answers, where it is. */
  settle(exchange: Exchange): Exchange;
}

/** They are tried in turn; what differs after all of them is open. */
export const RULES: readonly Rule[] = [
  {
    name: 'the TTL of a negative answer is at most MINIMUM of its SOA',
    right: 'ours',
    reference: 'RFC 2308 s.3',
    settle: both((answer) => ({ ...answer, authority: answer.authority.map(withNegativeTtl) })),
  },
  {
    name: 'NS records and their addresses beside a positive answer',
    right: 'either',
    reference: 'RFC 2181 s.5.4.1: they may be there; leaving them out keeps replies short',
    settle: both((answer) => {
      if (answer.answer.length === 0 || answer.authority.some((record) => !record.includes(' in ns "'))) return answer;
      const targets = answer.authority.map((record) => `${/"(.*)"$/.exec(record)?.[1] ?? ''} `);
      const additional = answer.additional.filter((record) => !targets.some((target) => record.startsWith(target)));
      return { ...answer, authority: [], additional };
    }),
  },
  {
    name: "an alias whose target has no record of the type: the SOA of the target's zone is there",
    right: 'ours',
    reference: 'RFC 2308 s.2.2',
    settle: (exchange) =>
      isAliasAlone(exchange.ours) &&
      exchange.ours?.authority.some((record) => record.includes(' in soa ')) === true &&
      exchange.theirs?.authority.some((record) => record.includes(' in soa ')) === false
        ? { ...exchange, theirs: { ...exchange.theirs, authority: exchange.ours.authority } }
        : exchange,
  },
  {
    name: 'ANY is answered with one set of records, also by a wildcard or an alias',
    right: 'ours',
    reference: 'RFC 8482 s.4.1, RFC 4592 s.2.2.1, RFC 1034 s.3.6.2',
    settle: (exchange) =>
      exchange.question.type === 'ANY' && (exchange.ours?.answer.length ?? 0) > 0 ? agreed(exchange) : exchange,
  },
  {
    name: 'addresses of name servers in a delegation that are in the zone above it',
    right: 'either',
    reference: 'RFC 9471 s.2.2: sibling glue may be left out',
    settle: (exchange) => {
      const { ours, theirs } = exchange;
      if (ours === undefined || theirs === undefined || !isDelegation(ours) || !isDelegation(theirs)) return exchange;
      const fewer = theirs.additional.every((record) => ours.additional.includes(record));
      return fewer ? { ...exchange, theirs: { ...theirs, additional: ours.additional } } : exchange;
    },
  },
  {
    name: 'an alias to a name of a hosts file, which has no SOA: the SOA of the zone of the alias says nothing of it',
    right: 'ours',
    reference: 'RFC 2308 s.2.2',
    settle: whereAsked(/^out\./i, (exchange) =>
      isAliasAlone(exchange.ours) && exchange.ours?.authority.length === 0
        ? { ...exchange, theirs: exchange.theirs && { ...exchange.theirs, authority: [] } }
        : exchange,
    ),
  },
  {
    name: 'an alias into a zone below that is served here, too, is followed to its end, with all that belongs to the answer',
    right: 'ours',
    reference: 'RFC 1034 s.4.3.2',
    settle: whereAsked(/^(away|made)\./i, (exchange) => {
      const { ours, theirs } = exchange;
      const isMore =
        theirs?.answer.every((record) => ours?.answer.includes(record)) === true &&
        theirs.additional.every((record) => ours?.additional.includes(record));
      return isMore ? agreed(exchange) : exchange;
    }),
  },
  {
    name: 'no OPT in the reply to a query without one',
    right: 'ours',
    reference: 'RFC 6891 s.7',
    settle: ({ question, ours, theirs }) => ({
      question,
      ours,
      theirs: question.edns === undefined && theirs !== undefined ? { ...theirs, edns: false } : theirs,
    }),
  },
  {
    name: 'an alias whose chain leads back to itself: SERVFAIL or what there is of it',
    right: 'either',
    reference: 'RFC 1034 s.3.6.2',
    settle: whereAsked(/^loop[12]\./i, ({ question }) => ({ question, ours: undefined, theirs: undefined })),
  },
  {
    name: 'a question for DS below the top of a zone that is served here is answered by that zone',
    right: 'ours',
    reference: "RFC 4035 s.3.1.4.1: only the DS of the zone itself is its parent's",
    settle: (exchange) =>
      exchange.question.type === 'DS' && /.\.sub\.example\.org$/i.test(exchange.question.name)
        ? agreed(exchange)
        : exchange,
  },
  {
    name: 'classes other than IN are refused',
    right: 'ours',
    reference: 'RFC 1035 s.4.1.1: REFUSED, since no zone of that class is served',
    settle: (exchange) =>
      exchange.question.class !== 'IN' && exchange.ours?.rcode === 'REFUSED' ? agreed(exchange) : exchange,
  },
  {
    name: 'a reply that is longer than the client takes has TC set',
    right: 'ours',
    reference: 'RFC 2181 s.9',
    settle: (exchange) =>
      exchange.ours?.flags.includes('tc') === true || exchange.theirs?.flags.includes('tc') === true
        ? agreed(exchange)
        : exchange,
  },
];

function both(settle: (answer: Answer) => Answer): Rule['settle'] {
  return ({ question, ours, theirs }) => ({
    question,
    ours: ours && settle(ours),
    theirs: theirs && settle(theirs),
  });
}

function whereAsked(name: RegExp, settle: Rule['settle']): Rule['settle'] {
  return (exchange) => (name.test(exchange.question.name) ? settle(exchange) : exchange);
}

function isAliasAlone(answer: Answer | undefined): boolean {
  return (
    answer !== undefined && answer.answer.length > 0 && answer.answer.every((record) => record.includes(' in cname "'))
  );
}

function isDelegation({ flags, answer, authority }: Answer): boolean {
  return !flags.includes('aa') && answer.length === 0 && authority.some((record) => record.includes(' in ns "'));
}

function agreed({ question, ours }: Exchange): Exchange {
  return { question, ours, theirs: ours };
}

function withNegativeTtl(record: string): string {
  const [, name, ttl, rest, minimum] = /^(\S+) (\d+) (in soa .*"minimum":(\d+).*)$/.exec(record) ?? [];
  return (name as string | undefined) === undefined
    ? record
    : `${name} ${Math.min(Number(ttl), Number(minimum))} ${rest}`;
}
