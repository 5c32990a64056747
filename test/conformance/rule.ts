/** Rules of RFCs, each with the test that holds it. */
import assert from 'node:assert/strict';
import type { Site, Transport } from './site.js';
import { queryOf, readReply, TYPES, typeOf, type Asked, type Told } from './wire.js';

/** Where a rule stands: the number of an RFC, or what else says it. */
export type Source = number | string;

/** A rule and its test, which goes through a server's sockets. */
export interface Rule {
  rfc: Source;
  /** As the source has it: `4.1.1`. */
  section: string;
  /** In a few words; the test's title is made of it, too. */
  rule: string;
  check: (site: Site) => Promise<void>;
}

/** The title of a rule's test. */
export function titleOf({ rfc, section, rule }: Rule): string {
  return typeof rfc === 'number' ? `RFC ${rfc} s.${section}: ${rule}` : `${rfc}, ${section}: ${rule}`;
}

/** On every transport, unless a rule is of some. */
const ALL: readonly Transport[] = ['udp', 'tcp', 'tls', 'https'];

/**
 * A rule for an exchange: all that the reply says is compared, with these in place of an authoritative NOERROR without
 * records and OPT.
 */
export function says(
  rfc: number,
  section: string,
  rule: string,
  asked: Asked,
  told: Partial<Told>,
  over: readonly Transport[] = ALL,
): Rule {
  const check = async (site: Site): Promise<void> => {
    for (const transport of over) {
      const reply = await site.exchange(transport, queryOf(asked));
      assert.deepEqual(readReply(reply), expected(asked, told), transport);
    }
  };
  return { rfc, section, rule, check };
}

/** What {@link says} compares with. */
export function expected(asked: Asked, told: Partial<Told>): Told {
  const { name = 'www.example.org', type = 'A', id = 0x1234 } = asked;
  const number = typeOf(type);
  const known = Object.entries(TYPES).find(([, value]) => value === number)?.[0];
  return {
    id,
    flags: 'qr aa rd',
    opcode: 0,
    rcode: 0,
    question: `${name} IN ${known ?? `TYPE${number}`}`,
    answer: [],
    authority: [],
    additional: [],
    opt: undefined,
    ...told,
  };
}

/** A rule for an exchange whose reply is known to the octet; both messages in hexadecimal. */
export function gives(
  rfc: number,
  section: string,
  rule: string,
  message: string,
  reply: string,
  over: readonly Transport[] = ALL,
): Rule {
  const check = async (site: Site): Promise<void> => {
    for (const transport of over) {
      const found = await site.exchange(transport, Buffer.from(message, 'hex'));
      assert.equal(found.toString('hex'), reply, transport);
    }
  };
  return { rfc, section, rule, check };
}

/** A rule for a message that nothing is said to: the next query on the same socket is what gets the first reply. */
export function silent(rfc: number, section: string, rule: string, message: string): Rule {
  const check = async (site: Site): Promise<void> => {
    for (const transport of ['udp', 'tcp', 'tls'] as const) {
      const marker = queryOf({ id: 0x7fff });
      const reply = await site.firstReply(transport, [Buffer.from(message, 'hex'), marker]);
      assert.equal(reply.readUInt16BE(0), 0x7fff, transport);
    }
  };
  return { rfc, section, rule, check };
}

/** Any other rule. */
export function holds(rfc: Source, section: string, rule: string, check: Rule['check']): Rule {
  return { rfc, section, rule, check };
}
