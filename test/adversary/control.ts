/** Control questions: what a server must answer right while it is attacked. */
import { queryOf, readReply, type Asked, type Told } from '../conformance/wire.js';
import { exchange } from './exchange.js';
import type { Control, Listener } from './target.js';
import { addressOf } from './upstream.js';

/** A question for the `n`-th time, and whether an answer is right. */
type Question = (n: number) => { asked: Asked; right: (told: Told) => boolean };

const RCODES = { NOERROR: 0, NXDOMAIN: 3 };

/** Kinds of control questions. */
export const answers = {
  /** Any name has an answer with this code. */
  rcode: (rcode: keyof typeof RCODES): Question => {
    return () => ({ asked: { name: 'control.example.org' }, right: (told) => told.rcode === RCODES[rcode] });
  },
  /** Any answer will do. */
  any: (): { asked: Asked; right: () => boolean } => ({ asked: { name: 'control.example.org' }, right: () => true }),
  /** A name has one record with this data, as readReply writes it. */
  data: (name: string, type: 'A' | 'AAAA', data: string): Question => {
    return () => ({ asked: { name, type }, right: ({ answer }) => isOnly(answer, data) });
  },
  /** A new name is answered with the address that the upstream gives it. */
  upstream: (n: number): ReturnType<Question> => {
    const name = `control-${n}.example`;
    return { asked: { name }, right: ({ answer }) => isOnly(answer, addressOf(name)) };
  },
  /** A TXT record, or no error at least. */
  count: (): ReturnType<Question> => ({
    asked: { name: 'control.example.org', type: 'TXT' },
    right: ({ rcode }) => rcode === 0,
  }),
} as const;

/** Asks a listener. */
export function controlOf(listener: Listener, question: Question): Control {
  return {
    ask: async (n) => {
      const { asked, right } = question(n);
      const reply = await exchange(listener, queryOf({ ...asked, id: n & 0xffff }));
      if (reply === undefined) return 'no answer';
      const told = readReply(reply);
      return right(told) ? undefined : `wrong answer: ${JSON.stringify(told)}`;
    },
  };
}

function isOnly(records: readonly string[], data: string): boolean {
  return records.length === 1 && records[0].endsWith(` ${data}`);
}
