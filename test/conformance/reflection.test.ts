/**
 * How much a client without a cookie gets back for what it sends by UDP, since whose address it sends from is not known:
 * for each message of the fuzz corpus. RECORD_FIGURES=1 keeps what was found.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { exchangeAll } from '../support/exchange-all.js';
import { corpusOf } from '../support/native-programs.js';
import { createServer, type Handler } from 'multisocket';
import { record } from './figures.js';
import { queryOf } from './wire.js';

/** Answers as long as answers can be: so many addresses as a reply has room for. */
const longest: Handler = (query, reply) => {
  const { edns, name } = query;
  const limit = edns === undefined ? 512 : Math.min(1232, Math.max(512, edns.udpPayloadSize));
  const room = limit - query.raw.length - (edns === undefined ? 0 : 11);
  for (let i = 0; i < Math.floor(room / 16); i++)
    reply.answer({ type: 'A', class: 'IN', name, ttl: 60, data: `192.0.2.${i}` });
  if (room < 16) reply.rcode = 'NOERROR';
};
/** Nothing to say: what is left is the question and OPT. */
const empty: Handler = (_, reply) => {
  reply.rcode = 'REFUSED';
};
/** More than there is room for. */
const tooMuch: Handler = (query, reply) => {
  reply.answer({ type: 'TYPE65280', name: query.name, ttl: 60, data: Buffer.alloc(4000) });
};

describe('reflection', () => {
  const inputs = readdirSync(corpusOf('message_view')).map((file) =>
    readFileSync(join(corpusOf('message_view'), file)),
  );
  const messages = [...inputs, queryOf(), queryOf({ opt: {} }), queryOf({ name: '.', opt: { size: 4096 } })];

  for (const [what, handler, single, all] of [
    ['REFUSED', empty, 1, 1],
    ['an answer that is truncated', tooMuch, 1, 1],
    ['the longest answers that there can be', longest, 44, 8],
  ] as const) {
    it(`by ${what}: at most ${single} octets for one of a message, ${all} for one of all`, async () => {
      const server = createServer({ listen: '127.0.0.1:0', sockets: 1, workers: 0, handler });
      await server.listen();
      const replies = await exchangeAll(server.addresses()[0].port, messages, queryOf({ name: 'marker.test' }));
      await server.close();
      const sizes = messages.map(({ length }, i) => [length, replies[i]?.length ?? 0] as const);
      const factors = sizes.map(([sent, came]) => (came === 0 ? 0 : came / sent));
      const sent = sizes.reduce((sum, [length]) => sum + length, 0);
      const came = sizes.reduce((sum, [, length]) => sum + length, 0);
      const unanswered = factors.filter((factor) => factor === 0).length;
      const largest = Number(Math.max(...factors).toFixed(2));
      record('reflection', (before) => ({
        ...before,
        [what]: { messages: messages.length, unanswered, sent, came, largest },
      }));
      assert.ok(factors.every((factor) => factor <= single));
      assert.ok(came / sent <= all);
      assert.ok(came > 0);
    });
  }
});
