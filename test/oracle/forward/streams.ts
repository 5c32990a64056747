/** What an upstream may do on TCP after its UDP said TC. */
import { framed } from '../../support/clients.js';
import { A, malformed, QUESTION, raw, record } from '../../support/odd-answers.js';
import { replyTo } from '../../support/upstream.js';
import { ANSWER, MALFORMED, TRUNCATED, type Behaviour, type Outcome, type Respond } from './behaviour.js';
import { answer, truncated, wrong } from './messages.js';

/** A client that gets TC asks by TCP itself. */
export const ANSWER_OR_TC: readonly Outcome[] = ['answer', 'truncated'];
const FAILURE_OR_TC: readonly Outcome[] = ['SERVFAIL', 'truncated'];

/** What a stream may do after UDP said TC. */
export const STREAMS: readonly (Pick<Behaviour, 'name' | 'right' | 'reference'> & { onStream: Respond })[] = [
  { name: 'TC, then TCP: the answer', onStream: answer, right: ANSWER_OR_TC, reference: TRUNCATED },
  {
    name: 'TC on TCP, too',
    onStream: (asked) => {
      asked.send(truncated(asked));
    },
    right: FAILURE_OR_TC,
    reference: TRUNCATED,
  },
  {
    name: 'TC, TCP reset',
    onStream: ({ reset }) => {
      reset();
    },
    right: FAILURE_OR_TC,
    reference: 'RFC 7766 s.6.2.4',
  },
  {
    name: 'TC, TCP closed within a frame',
    onStream: (asked, _, random) => {
      const frame = framed(replyTo(asked.message));
      asked.write(frame.subarray(0, 1 + random.below(frame.length - 1)));
      asked.hangUp();
    },
    right: FAILURE_OR_TC,
    reference: 'RFC 7766 s.8',
  },
  {
    name: 'TC, TCP in pieces',
    onStream: (asked, _, random) => {
      const frame = framed(replyTo(asked.message));
      const cut = 1 + random.below(frame.length - 1);
      asked.write(frame.subarray(0, cut));
      setTimeout(() => {
        asked.write(frame.subarray(cut));
      }, 200);
    },
    right: ANSWER_OR_TC,
    reference: 'RFC 7766 s.8',
  },
  {
    name: 'TC, TCP with other messages first',
    onStream: (asked, _, random) => {
      for (let left = 1 + random.below(3); left > 0; left--) {
        asked.send(wrong(asked, (reply) => (reply[0] ^= 1 + random.below(255))));
      }
      answer(asked);
    },
    right: [...ANSWER, 'SERVFAIL', 'truncated'],
    reference: 'RFC 7766 s.7: match by ID; no rule for others',
  },
  {
    name: 'TC, TCP with the answer twice',
    onStream: (asked) => {
      asked.write(Buffer.concat([framed(replyTo(asked.message)), framed(replyTo(asked.message))]));
    },
    right: ANSWER_OR_TC,
    reference: 'RFC 7766 s.7',
  },
  { name: 'TC, TCP silent', onStream: () => undefined, right: FAILURE_OR_TC, reference: 'RFC 1035 s.7.2' },
  {
    name: 'TC, TCP malformed',
    onStream: (asked) => {
      asked.send(malformed[0][1](asked));
    },
    right: FAILURE_OR_TC,
    reference: MALFORMED,
  },
  {
    name: 'TC, TCP 64 KiB',
    onStream: (asked) => {
      const filler = record(QUESTION, 16, Array.from({ length: 250 }, () => [255, ...Buffer.alloc(255, 'x')]).flat());
      asked.send(raw(asked, [2, 0, 0], A, filler));
    },
    right: ANSWER_OR_TC,
    reference: TRUNCATED,
  },
];
