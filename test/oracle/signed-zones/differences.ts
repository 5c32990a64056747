/** How answers of signed zones may differ from those of NSD and Knot: each rule has a name, and why it is so. */
import assert from 'node:assert/strict';
import type { ReadMessage, RecordText } from '../../support/messages.js';
import { typeNumber } from '../../../dist/dns/registry.js';

/** What is known of one question. */
export interface Compared {
  name: string;
  type: string;
  ours: ReadMessage;
  theirs: ReadMessage;
  /** The other peer's answer. */
  third: ReadMessage;
  /** The NS records of the zone's own name with their signatures, and the addresses that come with them. */
  top: { ns: readonly RecordText[]; addresses: readonly RecordText[] };
}

/** A rule: changes copies of both answers so that they no longer differ by what it allows. */
interface Rule {
  name: string;
  why: string;
  allow: (compared: Compared) => void;
}

const RRSIG = 46;
const [NS, CNAME, DNAME, SVCB, HTTPS, NSEC, NSEC3] = ['NS', 'CNAME', 'DNAME', 'SVCB', 'HTTPS', 'NSEC', 'NSEC3'].map(
  (name) => typeNumber(name)!,
);
const ADDRESSES = [1, 28];
const YXDOMAIN = 6;
/** NSD adds optional records up to about so many octets, which fit one packet. */
const NSD_OPTIONAL = 1100;
const OUR_CHAIN = 17;
const KNOT_CHAIN = 5;

const services: Rule = {
  name: 'addresses of a service',
  why: 'SVCB and HTTPS come with the addresses of their targets (RFC 9460 s.4.1), which these versions do not add.',
  allow: ({ ours, theirs }) => {
    if (!ours.sections[0].some((record) => [SVCB, HTTPS].includes(typeOf(record)))) return;
    ours.sections[2] = ours.sections[2].filter((record) => theirs.sections[2].includes(record));
  },
};

const nsecAtAlias: Rule = {
  name: 'NSEC asked at a CNAME',
  why: 'A name with CNAME may have NSEC, too (RFC 4035 s.2.5). Where it has none, one server follows the CNAME, as RFC 1034 s.4.3.2 says.',
  allow: (compared) => {
    const { type, ours, theirs, third } = compared;
    const agreed = JSON.stringify(ours.sections[0]) === JSON.stringify(third.sections[0]);
    if (type === 'NSEC' && agreed && aliasesIn(ours) > 0 && theirs.sections[0].length === 0) compared.theirs = ours;
  },
};

const expandedNsec: Rule = {
  name: 'NSEC from a wildcard',
  why: 'An NSEC that a wildcard gives to the name of the question does not prove that this name is missing: ours add the proof.',
  allow: ({ type, ours, theirs }) => {
    if (type === 'NSEC' && ours.sections[0].some((record) => typeOf(record) === NSEC)) dropDenials(ours, theirs);
  },
};

/** The rules for NSD 4.6. */
export const NSD_RULES: readonly Rule[] = [
  {
    name: 'fewer optional records',
    why: 'NSD leaves out additional records, and NS, that would make an answer larger than one packet; ours fill the payload size.',
    allow: ({ ours, theirs }) => {
      const [kept, missing] = [true, false].map((has) =>
        ours.sections[2].filter((record) => theirs.sections[2].includes(record) === has),
      );
      if (octetsIn(theirs.sections.flat()) + octetsIn(missing) > NSD_OPTIONAL) ours.sections[2] = kept;
    },
  },
  {
    name: 'NS added',
    why: "NSD adds the zone's NS RRset and its addresses to positive answers; RFC 1034 s.4.3.2 puts NS into referrals alone.",
    allow: ({ ours, theirs, top }) => {
      if (!ours.authoritative || !top.ns.every((record) => theirs.sections[1].includes(record))) return;
      theirs.sections[1] = theirs.sections[1].filter(
        (record) => !top.ns.includes(record) || ours.sections[1].includes(record),
      );
      theirs.sections[2] = theirs.sections[2].filter(
        (record) => !top.addresses.includes(record) || ours.sections[2].includes(record),
      );
    },
  },
  services,
  nsecAtAlias,
  expandedNsec,
  {
    name: 'a wildcard asked for itself',
    why: 'NSD proves the closest encloser of a wildcard that is the question itself. It exists, and needs no proof (RFC 4592 s.2.2.1).',
    allow: ({ name, ours, theirs }) => {
      if (name.startsWith('*.') && ours.sections[0].length === 0) dropDenials(ours, theirs);
    },
  },
  {
    name: 'proofs behind DNAME',
    why: 'Once a DNAME has made a name, NSD takes NSEC records from beside the wildcard, which prove nothing. Knot has those of ours.',
    allow: ({ ours, theirs, third }) => {
      const same = JSON.stringify(denials(ours)) === JSON.stringify(denials(third));
      const dnames = ours.sections[0].filter((record) => typeOf(record) === DNAME);
      // Knot has another answer for the DNAME of a wildcard.
      if (dnames.some((record) => same || record.startsWith('*.'))) dropDenials(ours, theirs);
    },
  },
  {
    name: 'a longer chain',
    why: 'RFC 1034 s.3.6.2 has chains of aliases followed, and sets no bound. Ours end after 17 records.',
    allow: ({ ours, theirs }) => {
      if (aliasesIn(ours) === OUR_CHAIN) keepCommon(theirs, ours);
    },
  },
];

/** The rules for Knot 3.2. */
export const KNOT_RULES: readonly Rule[] = [
  services,
  nsecAtAlias,
  expandedNsec,
  {
    name: 'addresses below a zone cut',
    why: "Knot adds glue to MX and SRV, too. Such addresses are the child's to give (RFC 2181 s.6.1).",
    allow: ({ ours, theirs }) => {
      const isGlue = (record: RecordText): boolean =>
        ADDRESSES.includes(typeOf(record)) && !theirs.sections[2].some((other) => signs(other, record));
      theirs.sections[2] = theirs.sections[2].filter((record) => ours.sections[2].includes(record) || !isGlue(record));
    },
  },
  {
    name: 'a shorter chain',
    why: 'Knot ends chains of aliases after five CNAMEs; ours after 17 records (RFC 1034 s.3.6.2 sets no bound).',
    allow: ({ ours, theirs }) => {
      if (aliasesIn(theirs) >= KNOT_CHAIN && aliasesIn(ours) >= aliasesIn(theirs)) keepCommon(ours, theirs);
    },
  },
  {
    name: 'DNAME at a wildcard',
    why: 'RFC 4592 s.4.4 leaves its meaning open. Knot makes a DNAME of each name, which it cannot sign; ours do as NSD does.',
    allow: (compared) => {
      const { ours, third } = compared;
      const agreed = JSON.stringify(ours.sections[0]) === JSON.stringify(third.sections[0]);
      const isWild = ours.sections[0].some((record) => typeOf(record) === DNAME && record.startsWith('*.'));
      if (agreed && isWild) compared.theirs = ours;
    },
  },
  {
    name: 'a name that gets too long',
    why: 'A DNAME that makes a name too long is YXDOMAIN (RFC 6672 s.2.2). Knot denies the name; NSD answers as ours do.',
    allow: (compared) => {
      const { ours, third } = compared;
      if (ours.rcode === YXDOMAIN && JSON.stringify(ours) === JSON.stringify(third)) compared.theirs = ours;
    },
  },
];

/** A rule for both, which the caller applies by a second question. */
export const ANOTHER_RRSET = 'another RRset for ANY';
/** A rule for both: nothing but the header is compared. */
export const TRUNCATED = 'truncated';

/** The names of the rules that make both answers equal; fails when they cannot. */
export function explain(question: Compared, rules: readonly Rule[]): string[] {
  const used: string[] = [];
  const compared = { ...question, ours: copyOf(question.ours), theirs: copyOf(question.theirs) };
  for (const { name, allow } of rules) {
    if (isSame(compared)) break;
    const before = JSON.stringify([compared.ours, compared.theirs]);
    allow(compared);
    if (JSON.stringify([compared.ours, compared.theirs]) !== before) used.push(name);
  }
  assert.deepEqual(compared.ours, compared.theirs, `${question.name} ${question.type}`);
  return used;
}

function isSame({ ours, theirs }: Compared): boolean {
  return JSON.stringify(ours) === JSON.stringify(theirs);
}

/** Cuts `longer` to what `shorter` has, whose chain of aliases ends before; all of `shorter` has to be in it. */
function keepCommon(longer: ReadMessage, shorter: ReadMessage): void {
  longer.rcode = shorter.rcode;
  longer.authoritative = shorter.authoritative;
  for (const i of [0, 1, 2])
    longer.sections[i] = longer.sections[i].filter((record) => shorter.sections[i].includes(record));
}

function dropDenials(...messages: ReadMessage[]): void {
  for (const { sections } of messages) sections[1] = sections[1].filter((record) => !isDenial(record));
}

function denials({ sections }: ReadMessage): RecordText[] {
  return sections[1].filter(isDenial);
}

function isDenial(record: RecordText): boolean {
  const type = typeOf(record) === RRSIG ? coveredBy(record) : typeOf(record);
  return type === NSEC || type === NSEC3;
}

function aliasesIn({ sections }: ReadMessage): number {
  return sections[0].filter((record) => [CNAME, DNAME].includes(typeOf(record))).length;
}

function signs(signature: RecordText, record: RecordText): boolean {
  return (
    typeOf(signature) === RRSIG && ownerOf(signature) === ownerOf(record) && coveredBy(signature) === typeOf(record)
  );
}

/** Whether a record is NS, or a signature of it. */
export function isNs(record: RecordText): boolean {
  return typeOf(record) === NS || (typeOf(record) === RRSIG && coveredBy(record) === NS);
}

/** The type of a record. */
export function typeOf(record: RecordText): number {
  return Number(record.split(' ')[3]);
}

function coveredBy(signature: RecordText): number {
  return Number.parseInt(signature.split(' ')[4].slice(0, 4), 16);
}

function ownerOf(record: RecordText): string {
  return record.split(' ')[0];
}

/** The octets of the records, roughly. */
function octetsIn(records: readonly RecordText[]): number {
  return records.reduce((sum, record) => sum + record.length / 2, 0);
}

function copyOf(message: ReadMessage): ReadMessage {
  return structuredClone(message);
}
