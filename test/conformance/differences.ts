/**
 * How replies of this server may differ from those of NSD and Knot, each with the RFC that requires or allows it. A
 * difference that is in no class is an error, of this list or of the server.
 */
import type { AnyReply } from './any-reply.js';
import type { GeneratedQuery } from './generated-query.js';

/** A reply of this server and that of another one. */
export interface Pair {
  query: GeneratedQuery;
  ours: AnyReply;
  theirs: AnyReply;
  /** Ours to the same question with room for all of it. */
  whole: AnyReply;
}

/** A class of differences. */
export interface DifferenceClass {
  name: string;
  /** Who differs. */
  peers: string;
  /** Why it may be. */
  why: string;
  /** What of a reply may differ, where {@link holds}. */
  fields: readonly (keyof AnyReply)[];
  /** Whether the pair is of the class: what is ours is held to what it has to be. */
  holds: (pair: Pair) => boolean;
}

const ALL: readonly (keyof AnyReply)[] = [
  'answered',
  'opcode',
  'rcode',
  'aa',
  'tc',
  'rd',
  'ra',
  'z',
  'ad',
  'cd',
  'question',
  'opt',
  'answer',
  'authority',
  'additional',
];
const SECTIONS = ['answer', 'authority', 'additional'] as const;
const ANY = 255;
const typeOf = (record: string): string => record.split(' ')[3];
const includesAll = (all: readonly string[], some: readonly string[]): boolean =>
  some.every((record) => all.includes(record));
const isAlias = (record: string): boolean => ['5', '39'].includes(typeOf(record));
const empty = ({ answer, authority, additional }: AnyReply): boolean =>
  answer.length + authority.length + additional.length === 0;

/** Whether a reply is a header alone, with this response code; RD as in the query or clear. */
function bare(reply: AnyReply, rcode: number, rd: boolean, opcode: number): boolean {
  const { answered, aa, tc, ra, z, ad, cd, question, opt } = reply;
  const flags = aa || tc || ra || z || ad || cd;
  return (
    answered &&
    reply.rcode === rcode &&
    reply.rd === rd &&
    reply.opcode === opcode &&
    !flags &&
    question === '0 ' &&
    opt === ''
  );
}

/** REFUSED without records. */
function refused({ ours }: Pair): boolean {
  return ours.answered && ours.rcode === 5 && !ours.aa && empty(ours);
}

/** The classes of differences. The first one that matches counts. */
export const DIFFERENCES: readonly DifferenceClass[] = [
  {
    name: 'another opcode than QUERY',
    peers: 'NSD, Knot',
    why:
      'Ours is NOTIMP, a header with nothing in it (RFC 1035 s.4.1.1). They send the question and flags back, look for ' +
      'malformed messages first, or know NOTIFY (RFC 1996) and UPDATE (RFC 2136) and say NOTAUTH, NXDOMAIN, REFUSED or FORMERR.',
    fields: ALL,
    holds: ({ query, ours }) => query.opcode !== 0 && bare(ours, 4, false, query.opcode),
  },
  {
    name: 'a malformed message',
    peers: 'NSD, Knot',
    why:
      'Ours is FORMERR, a header with nothing in it (RFC 1035 s.4.1.1, RFC 9619 s.4, RFC 6891 s.6.1.1, s.6.1.2). They drop ' +
      'some, send some of the question back, or answer: NSD what has no question or octets behind it, Knot an OPT that has a name.',
    fields: ALL,
    holds: ({ query, ours }) => query.shape !== 'plain' && bare(ours, 1, (query.flags & 0x0100) !== 0, 0),
  },
  {
    name: 'TC or RCODE in a query',
    peers: 'NSD',
    why: 'NSD says FORMERR, or nothing. RFC 1035 s.4.1.1 gives these a meaning in responses only: ours passes them over.',
    fields: ALL,
    holds: ({ query, theirs }) => (query.flags & 0x020f) !== 0 && (theirs.rcode === 1 || !theirs.answered),
  },
  {
    name: 'a class other than IN',
    peers: 'NSD, Knot',
    why:
      'Ours is REFUSED: it has no data of the class. For ANY, which asks for a class whatever it is (RFC 1035 s.3.2.5), they ' +
      'answer with IN; how a server that has one class answers is left open.',
    fields: ALL,
    holds: (pair) => pair.query.class !== 1 && refused(pair),
  },
  {
    name: 'AXFR and IXFR',
    peers: 'NSD, Knot',
    why:
      'Ours is REFUSED (RFC 1035 s.4.1.1, RFC 5936 s.2.2.1). They say NOTIMP for AXFR by UDP, which is not defined ' +
      '(RFC 5936 s.4.2), and NOTAUTH for a zone that they do not transfer.',
    fields: ['rcode', 'opt'],
    holds: (pair) =>
      (pair.query.type === 251 || pair.query.type === 252) && refused(pair) && [1, 4, 9].includes(pair.theirs.rcode),
  },
  {
    name: 'CD',
    peers: 'NSD, Knot',
    why: 'Ours is copied from the query (RFC 4035 s.3.1.6); theirs is clear, or copied for errors alone.',
    fields: ['cd'],
    holds: ({ query, ours }) => ours.cd === (ours.rcode !== 16 && (query.flags & 0x10) !== 0),
  },
  {
    name: 'NSID and extended errors',
    peers: 'NSD, Knot',
    why: 'They add options that ours does not: NSID (RFC 5001 s.2.1) and extended errors for REFUSED (RFC 8914 s.2); both are optional.',
    fields: ['opt'],
    holds: ({ ours, theirs }) => ours.opt === withoutOptions(theirs.opt, [3, 15]),
  },
  {
    name: 'flags of BADVERS',
    peers: 'NSD',
    why:
      "NSD sends the query's flags back, and not DO. Ours are clear as in all responses (RFC 1035 s.4.1.1) but for RD, and " +
      'DO is copied (RFC 3225 s.3).',
    fields: ['aa', 'ra', 'z', 'ad', 'cd', 'opt'],
    holds: ({ ours, theirs }) => {
      const clear = !(ours.aa || ours.ra || ours.z || ours.ad || ours.cd);
      return ours.rcode === 16 && theirs.rcode === 16 && clear && empty(ours) && empty(theirs);
    },
  },
  {
    name: 'the type 0',
    peers: 'Knot',
    why: 'Knot says NOTIMP. The type is reserved (RFC 6895 s.3.1): ours has no data of it.',
    fields: ['rcode', 'aa', ...SECTIONS, 'tc'],
    holds: ({ query, theirs }) => query.type === 0 && theirs.rcode === 4,
  },
  {
    name: 'truncated replies',
    peers: 'NSD, Knot',
    why:
      'With TC ours has no records (RFC 2181 s.9: what is there may be kept or not, and part of an RRset is of no use). ' +
      'Theirs have some, and the response code of what they had found so far.',
    fields: [...SECTIONS, 'rcode', 'aa'],
    holds: ({ ours, theirs }) => ours.tc && theirs.tc && empty(ours),
  },
  {
    name: 'compression',
    peers: 'NSD, Knot',
    why:
      'Names may be compressed (RFC 1035 s.4.1.4), and need not: what one server has room for another truncates. Asked with ' +
      'room for all, ours has the same records.',
    fields: [...SECTIONS, 'tc', 'rcode'],
    holds: ({ ours, theirs, whole }) =>
      ours.tc !== theirs.tc &&
      (ours.tc ? empty(ours) : true) &&
      [...whole.answer, ...whole.authority].every(
        (record) => !ours.tc || theirs.answer.includes(record) || theirs.authority.includes(record),
      ) &&
      (ours.tc || includesAll(whole.answer, theirs.answer)),
  },
  {
    name: 'SOA that has no room',
    peers: 'Knot',
    why: 'Ours has TC, for a denial needs its SOA (RFC 2308 s.2, RFC 2181 s.9). Knot leaves it out without a word.',
    fields: ['tc', 'answer', 'rcode'],
    holds: ({ ours, theirs, whole }) =>
      ours.tc &&
      !theirs.tc &&
      empty(ours) &&
      whole.authority.length > 0 &&
      theirs.authority.length === 0 &&
      includesAll(theirs.answer, whole.answer),
  },
  {
    name: 'a name that DNAME makes too long',
    peers: 'Knot',
    why: 'Ours is YXDOMAIN (RFC 6672 s.2.2). Knot says NXDOMAIN.',
    fields: ['rcode', 'authority'],
    holds: ({ ours, theirs }) =>
      ours.rcode === 6 && theirs.rcode === 3 && ours.answer.some((record) => typeOf(record) === '39'),
  },
  {
    name: 'ANY',
    peers: 'NSD, Knot',
    why: 'Which RRset of the name is given is left open (RFC 8482 s.4.1).',
    fields: SECTIONS,
    holds: ({ query, ours, theirs }) =>
      query.type === ANY &&
      ours.rcode === 0 &&
      theirs.rcode === 0 &&
      ours.answer.length > 0 &&
      theirs.answer.length > 0 &&
      new Set(
        [...ours.answer, ...theirs.answer].filter((record) => !isAlias(record)).map((record) => record.split(' ')[0]),
      ).size <= 1,
  },
  {
    name: 'addresses beside SVCB and HTTPS',
    peers: 'NSD',
    why: 'Ours adds the addresses of their targets, as an authority should (RFC 9460 s.4.1). NSD 4.6 does not, and has NS beside all answers.',
    fields: ['authority', 'additional'],
    holds: ({ ours, theirs }) =>
      ours.aa &&
      ours.answer.some((record) => ['64', '65'].includes(typeOf(record))) &&
      ours.authority.length === 0 &&
      ours.additional.every((record) => ['1', '28', '64', '65'].includes(typeOf(record))) &&
      theirs.authority.every((record) => typeOf(record) === '2' && record.startsWith('example.org. ')),
  },
  {
    name: "the zone's NS in positive answers",
    peers: 'NSD',
    why: 'NSD adds them and their addresses. RFC 1034 s.4.3.2 has NS in the authority section of referrals alone.',
    fields: ['authority', 'additional'],
    holds: ({ ours, theirs }) =>
      ours.aa &&
      ours.rcode === 0 &&
      ours.answer.length > 0 &&
      ours.authority.length === 0 &&
      theirs.authority.length > 0 &&
      theirs.authority.every((record) => typeOf(record) === '2' && record.startsWith('example.org. ')) &&
      includesAll([...theirs.additional, ...theirs.answer], ours.additional),
  },
  {
    name: 'DS in referrals of an unsigned zone',
    peers: 'NSD, Knot',
    why:
      'Asked with DO, ours adds the DS of the cut, as RFC 4035 s.3.1.4.1 has it for each delegation that has one. They look ' +
      'for DS in signed zones alone.',
    fields: ['authority'],
    holds: ({ ours, theirs }) => {
      const cuts = ours.authority.filter((record) => typeOf(record) === '2').map((record) => record.split(' ')[0]);
      const others = ours.authority.filter((record) => typeOf(record) !== '43');
      return (
        (parseInt(ours.opt.split(' ')[1] ?? '0', 16) & 0x8000) !== 0 &&
        cuts.length > 0 &&
        JSON.stringify(others) === JSON.stringify(theirs.authority) &&
        ours.authority.every((record) => cuts.includes(record.split(' ')[0]))
      );
    },
  },
  {
    name: 'how long a chain of aliases is followed',
    peers: 'NSD, Knot',
    why: 'RFC 1034 s.3.6.2 sets no bound. Ours is 16 aliases; the shorter answer is a part of the longer one.',
    fields: [...SECTIONS, 'rcode'],
    holds: ({ ours, theirs }) => {
      const [less, more] = ours.answer.length <= theirs.answer.length ? [ours, theirs] : [theirs, ours];
      const chained = less.answer.every(isAlias) && includesAll(more.answer, less.answer);
      // Ours, when it is at its bound, does not look at what the last alias leads to.
      const shorter = less.answer.length < more.answer.length || ours.answer.length === 17;
      return chained && shorter && less.answer.length >= 5 && less.rcode === 0;
    },
  },
  {
    name: 'glue beside MX and SRV',
    peers: 'Knot',
    why: 'Knot adds addresses from below a zone cut to other types than NS. They are glue, of use in referrals (RFC 1034 s.4.2.1).',
    fields: ['additional'],
    holds: ({ ours, theirs }) =>
      ours.answer.some((record) => ['15', '33'].includes(typeOf(record))) &&
      includesAll(theirs.additional, ours.additional) &&
      theirs.additional.every(
        (record) => ours.additional.includes(record) || /^(?:[^ ]*\.)?d\d+\.example\.org\. /.test(record),
      ),
  },
  {
    name: 'NS and DNAME of a wildcard',
    peers: 'Knot',
    why: 'What they mean is left open (RFC 4592 s.4.2, s.4.4).',
    fields: [...SECTIONS, 'aa', 'rcode'],
    holds: ({ query }) => /\.w[nd]\d+\.example\.org\.$/i.test(query.name),
  },
];

/** The text of OPT without options of these codes. */
function withoutOptions(opt: string, codes: readonly number[]): string {
  const [version, flags, options = ''] = opt.split(' ');
  const kept: string[] = [];
  for (let at = 0; at < options.length;) {
    const end = at + 8 + 2 * parseInt(options.slice(at + 4, at + 8), 16);
    if (!codes.includes(parseInt(options.slice(at, at + 4), 16))) kept.push(options.slice(at, end));
    at = end;
  }
  return opt === '' ? '' : `${version} ${flags} ${kept.join('')}`.trim();
}

/** What of a pair differs, each field with its class; undefined for one that no class accounts for. */
export function classify(pair: Pair): Map<keyof AnyReply, DifferenceClass | undefined> {
  const { ours, theirs } = pair;
  const different = ALL.filter((field) => JSON.stringify(ours[field]) !== JSON.stringify(theirs[field]));
  return new Map(
    different.map((field) => [field, DIFFERENCES.find(({ fields, holds }) => fields.includes(field) && holds(pair))]),
  );
}
