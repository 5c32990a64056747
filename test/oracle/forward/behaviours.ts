/** What an upstream may do. */
import { malformed, RECORDS } from '../../support/odd-answers.js';
import { replyTo } from '../../support/upstream.js';
import { ANSWER, FORGED, MALFORMED, NO_ANSWER, TRUNCATED, type Behaviour } from './behaviour.js';
import { ALWAYS, answer, error, flags, IGNORED, truncated, wrong } from './messages.js';
import { ANSWER_OR_TC, STREAMS } from './streams.js';

/** Malformed answers whose record is whole: only what is around it is wrong. */
const WHOLE: ReadonlySet<string> = new Set([
  'octets behind the last record',
  'fewer answers than there are',
  'two OPT records',
  'an OPT in the answer section',
  'an OPT in the authority section',
  'an OPT with an owner',
  'an OPT whose option is longer',
  'two questions',
]);

/** All behaviours. */
export const BEHAVIOURS: readonly Behaviour[] = [
  ...ALWAYS.map(([name, make, right, reference]): Behaviour => ({
    name,
    right,
    reference,
    respond: (asked, _, random) => {
      asked.send(make(asked, random));
    },
  })),
  ...IGNORED.map(([name, make, reference]): Behaviour => ({
    name: `${name}, always`,
    right: NO_ANSWER,
    reference,
    respond: (asked, _, random) => {
      asked.send(make(asked, random));
    },
  })),
  ...IGNORED.map(([name, make, reference]): Behaviour => ({
    name: `${name}, then the answer`,
    right: ANSWER,
    reference,
    respond: (asked, _, random) => {
      asked.send(make(asked, random));
      setTimeout(() => {
        asked.send(replyTo(asked.message));
      }, 20);
    },
  })),
  ...STREAMS.map(({ onStream, ...more }): Behaviour => ({
    ...more,
    respond: (asked, nth, random) => {
      if (asked.transport === 'tcp') onStream(asked, nth, random);
      else asked.send(truncated(asked));
    },
  })),
  {
    name: 'TC in the middle of a record',
    respond: (asked, _, random) => {
      const whole = wrong(asked, (reply) => flags(reply, 0x8380));
      if (asked.transport === 'tcp') answer(asked);
      else asked.send(whole.subarray(0, RECORDS + random.below(whole.length - RECORDS)));
    },
    right: ANSWER_OR_TC,
    reference: TRUNCATED,
  },
  {
    name: 'cut by UDP without TC, whole by TCP',
    respond: (asked, _, random) => {
      const whole = replyTo(asked.message);
      if (asked.transport === 'tcp') answer(asked);
      else asked.send(whole.subarray(0, RECORDS + random.below(whole.length - RECORDS)));
    },
    right: ANSWER_OR_TC,
    reference: TRUNCATED,
  },
  {
    name: 'from another port, always',
    respond: (asked) => {
      asked.sendFromElsewhere(replyTo(asked.message));
    },
    right: NO_ANSWER,
    reference: FORGED,
  },
  {
    name: 'from another port, then the answer',
    respond: (asked) => {
      asked.sendFromElsewhere(replyTo(asked.message, { answers: [] }));
      setTimeout(() => {
        asked.send(replyTo(asked.message));
      }, 20);
    },
    right: ANSWER,
    reference: FORGED,
  },
  { name: 'silence', respond: () => undefined, right: NO_ANSWER, reference: 'RFC 1035 s.7.2' },
  {
    name: 'nobody listens',
    respond: () => undefined,
    right: NO_ANSWER,
    within: 1000,
    gone: true,
    reference: 'RFC 1122 s.4.1.3.3',
  },
  {
    name: 'late by a second',
    respond: (asked) => {
      setTimeout(() => {
        asked.send(replyTo(asked.message));
      }, 1000);
    },
    right: ANSWER,
    reference: 'RFC 1035 s.7.2',
  },
  {
    name: 'silence once, then the answer',
    respond: (asked, nth) => {
      if (nth > 0) asked.send(replyTo(asked.message));
    },
    right: ANSWER,
    reference: 'RFC 1035 s.7.2',
  },
  {
    name: 'SERVFAIL, REFUSED, NOTIMP, then the answer',
    respond: (asked, nth) => {
      asked.send(nth < 3 ? error([2, 5, 4][nth])(asked) : replyTo(asked.message));
    },
    right: [...ANSWER, 'SERVFAIL'],
    reference: 'no rule: one upstream may be asked again',
  },
  ...malformed.map(([what, make]): Behaviour => ({
    name: what,
    respond: (asked) => {
      asked.send(make(asked));
    },
    right: WHOLE.has(what) ? ['answer', 'SERVFAIL'] : NO_ANSWER,
    reference: MALFORMED,
  })),
];
