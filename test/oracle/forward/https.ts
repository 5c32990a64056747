/** What an upstream by HTTPS may do. Unbound has no such upstreams. */
import { malformed } from '../../support/odd-answers.js';
import type { HttpsAsked, HttpsScript } from '../../support/https-upstream.js';
import { replyTo } from '../../support/upstream.js';
import { ANSWER, MALFORMED, NO_ANSWER, type Behaviour } from './behaviour.js';

const STATUS = 'RFC 8484 s.4.2.1';

/** A way in which an upstream by HTTPS behaves. */
export interface HttpsBehaviour extends Omit<Behaviour, 'respond' | 'gone'> {
  script: HttpsScript;
}

const answer = ({ message, respond }: HttpsAsked): void => {
  respond(replyTo(message));
};
const withHeaders =
  (headers: Record<string, string | number>): HttpsScript =>
  ({ message, respond }) => {
    respond(replyTo(message), headers);
  };

/** All behaviours. */
export const HTTPS_BEHAVIOURS: readonly HttpsBehaviour[] = [
  { name: 'the answer', script: answer, right: ANSWER, reference: STATUS },
  {
    name: 'another ID',
    script: ({ message, respond }) => {
      const reply = replyTo(message);
      reply.writeUInt16BE(0x1234);
      respond(reply);
    },
    right: ANSWER,
    reference: 'RFC 8484 s.4.1',
  },
  {
    name: 'a parameter of the content type',
    script: withHeaders({ 'content-type': 'application/dns-message; charset=utf-8' }),
    right: ANSWER,
    reference: 'RFC 9110 s.8.3.1',
  },
  ...[400, 429, 500, 503].map((status): HttpsBehaviour => ({
    name: `status ${status}`,
    script: withHeaders({ ':status': status }),
    right: NO_ANSWER,
    reference: STATUS,
  })),
  {
    name: 'a web page',
    script: ({ respond }) => {
      respond(Buffer.from('<!doctype html>'), { 'content-type': 'text/html' });
    },
    right: NO_ANSWER,
    reference: STATUS,
  },
  {
    name: 'an empty body',
    script: ({ respond }) => {
      respond(Buffer.alloc(0));
    },
    right: NO_ANSWER,
    reference: MALFORMED,
  },
  {
    name: 'a body of 1 MiB',
    script: ({ message, respond }) => {
      respond(Buffer.concat([replyTo(message), Buffer.alloc(1 << 20)]));
    },
    right: NO_ANSWER,
    reference: 'RFC 8484 s.6',
  },
  {
    name: 'the query itself',
    script: ({ message, respond }) => {
      respond(message);
    },
    right: NO_ANSWER,
    reference: 'RFC 1035 s.4.1.1',
  },
  {
    name: 'the stream is reset',
    script: ({ stream }) => {
      stream.close(2);
    },
    right: NO_ANSWER,
    reference: 'RFC 9113 s.5.4.2',
  },
  {
    name: 'the connection is closed',
    script: ({ session }) => {
      session.destroy();
    },
    right: NO_ANSWER,
    reference: 'RFC 9113 s.5.4.1',
  },
  { name: 'silence', script: () => undefined, right: NO_ANSWER, reference: 'RFC 1035 s.7.2' },
  {
    name: 'late by a second',
    script: (asked) => {
      setTimeout(answer, 1000, asked);
    },
    right: ANSWER,
    reference: 'RFC 1035 s.7.2',
  },
  {
    name: 'once status 503, then the answer',
    script: (asked, { asked: all }) => {
      if (all.length > 1) answer(asked);
      else asked.respond(Buffer.alloc(0), { ':status': 503 });
    },
    right: ANSWER,
    reference: STATUS,
  },
  ...malformed.map(([what, make]): HttpsBehaviour => ({
    name: what,
    script: (asked) => {
      asked.respond(make(asked));
    },
    right: ['answer', 'SERVFAIL'],
    reference: MALFORMED,
  })),
];
