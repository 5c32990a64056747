/** Response rate limiting, which no RFC has: its words are those of BIND, whose options others have taken over. */
import assert from 'node:assert/strict';
import { createServer, type Server, type ServerOptions } from 'multisocket';
import { TcpClient, udpExchange } from '../../support/clients.js';
import { sendAll } from '../../support/udp-burst.js';
import { answerTest } from '../handler.js';
import { holds, type Rule, type Source } from '../rule.js';
import { queryOf, readReply, type Asked, type Told } from '../wire.js';

/** Its option `rate-limit`. */
const BIND = 'BIND 9 rate-limit';
const CLIENT_COOKIE = '0123456789abcdef';

/** Sends the queries at once, each with its place as ID; returns what is said to each, undefined to those not answered. */
type Ask = (queries: readonly Asked[], from?: string) => Promise<(Told | undefined)[]>;

/** A rule for a server with these limits, where nothing is earned back before the rule is checked. */
function limited(
  rfc: Source,
  section: string,
  rule: string,
  rateLimit: NonNullable<ServerOptions['rateLimit']>,
  check: (ask: Ask, server: Server, port: number) => Promise<void>,
): Rule {
  return holds(rfc, section, rule, async () => {
    const server = createServer({
      listen: '127.0.0.1:0',
      sockets: 1,
      workers: 0,
      handler: answerTest,
      cookies: true,
      rateLimit: { slip: 0, window: 600, ...rateLimit },
    });
    await server.listen();
    const [{ port }] = server.addresses();
    const ask: Ask = async (queries, from) => {
      const messages = queries.map((asked, id) => queryOf({ ...asked, id }));
      const replies = (await sendAll(server, port, messages, '127.0.0.1', from)).map(readReply);
      return messages.map((_, place) => replies.find(({ id }) => id === place));
    };
    try {
      await check(ask, server, port);
    } finally {
      await server.close();
    }
  });
}

const times = (count: number, asked: Asked): Asked[] => Array.from({ length: count }, () => asked);
const withCookie = (cookie: string): Asked => ({ name: 'x.test', opt: { options: [`10:${cookie}`] } });
/** How many are answered. */
const answered = (replies: readonly (Told | undefined)[]): number =>
  replies.filter((told) => told !== undefined).length;

/** The cookie that a reply brings. */
function cookieIn(told: Told | undefined): string {
  const cookie = /10:([0-9a-f]{48})$/.exec(told?.opt ?? '')?.[1];
  assert.ok(cookie !== undefined, `there is a cookie in ${told?.opt}`);
  return cookie;
}

export const rules: readonly Rule[] = [
  limited(
    BIND,
    'responses-per-second',
    'the responses to a question are limited per second',
    { responsesPerSecond: 1 },
    async (ask, server) => {
      const [first, ...others] = await ask(times(6, { name: 'x.test' }));
      assert.deepEqual(first?.answer, ['x.test 60 IN A 192.0.2.1']);
      assert.equal(answered(others), 0);
      assert.equal(server.stats().totals.rateLimitDropped, 5);
    },
  ),
  limited(
    BIND,
    'responses-per-second',
    'other names and other types have their own limit',
    { responsesPerSecond: 1 },
    async (ask) => {
      const others = [{ name: 'x.test' }, { name: 'y.test' }, { name: 'x.test', type: 'TXT' }] as const;
      assert.equal(answered(await ask(others)), 3);
    },
  ),
  limited(4343, '3', 'upper and lower case of a name share a limit', { responsesPerSecond: 1 }, async (ask) => {
    assert.equal(answered(await ask([{ name: 'x.test' }, { name: 'X.test' }, { name: 'x.TEST' }])), 1);
  }),
  limited(
    BIND,
    'slip',
    'an excess response can be short: TC, no records',
    { responsesPerSecond: 1, slip: 1 },
    async (ask) => {
      const [, ...others] = await ask(times(4, { name: 'rrset-3.test' }));
      const short = { flags: 'qr tc rd', opcode: 0, rcode: 0, question: 'rrset-3.test IN A', opt: undefined };
      const none = { answer: [], authority: [], additional: [] };
      assert.deepEqual(
        others,
        [1, 2, 3].map((id) => ({ id, ...short, ...none })),
      );
    },
  ),
  limited(
    6891,
    '7',
    'a short response has OPT if the query has OPT',
    { responsesPerSecond: 1, slip: 1 },
    async (ask) => {
      const [, short] = await ask(times(2, { name: 'x.test', opt: { size: 4096 } }));
      assert.deepEqual([short?.flags, short?.opt], ['qr tc rd', '1232 0 0']);
    },
  ),
  limited(
    2181,
    '9',
    'a client gets the whole answer by TCP after a short response',
    { responsesPerSecond: 1, slip: 1 },
    async (ask, _, port) => {
      const [, short] = await ask(times(2, { name: 'rrset-3.test' }));
      assert.equal(short?.flags, 'qr tc rd');
      const client = await TcpClient.connect(port);
      const reply = readReply((await client.exchange(queryOf({ name: 'rrset-3.test' })))!);
      client.close();
      assert.deepEqual([reply.flags, reply.answer.length], ['qr aa rd', 3]);
    },
  ),
  limited(
    BIND,
    'slip',
    'responses by TCP are not limited',
    { responsesPerSecond: 1, allPerSecond: 1 },
    async (_, server, port) => {
      const client = await TcpClient.connect(port);
      for (let id = 0; id < 10; id++) {
        const told = readReply((await client.exchange(queryOf({ id, name: 'x.test' })))!);
        assert.deepEqual([told.id, told.answer.length], [id, 1]);
      }
      client.close();
      assert.equal(server.stats().totals.rateLimitDropped, 0);
    },
  ),
  limited(
    BIND,
    'slip',
    'an excess error that is sent is not shortened',
    { responsesPerSecond: 9, errorsPerSecond: 1, slip: 1 },
    async (ask) => {
      const replies = await ask(times(4, { name: 'example.com' }));
      assert.deepEqual(
        replies.map((told) => [told?.rcode, told?.flags]),
        Array(4).fill([5, 'qr rd']),
      );
    },
  ),
  limited(
    BIND,
    'nxdomains-per-second',
    'NXDOMAIN responses are limited for all names together',
    { nxdomainsPerSecond: 1 },
    async (ask) => {
      const replies = await ask(['none-1.a.test', 'none-1.b.test', 'none-1.c.test'].map((name) => ({ name })));
      assert.deepEqual(replies.map((told) => told?.rcode).sort(), [3, undefined, undefined]);
    },
  ),
  limited(BIND, 'errors-per-second', 'errors are limited together', { errorsPerSecond: 1 }, async (ask) => {
    const replies = await ask([{ name: 'example.com' }, { name: 'fails.test' }, { name: 'example.net' }]);
    assert.equal(answered(replies), 1);
  }),
  limited(BIND, 'all-per-second', 'all responses are limited together', { allPerSecond: 1 }, async (ask) => {
    const replies = await ask(['x.test', 'y.test', 'none-1.test', 'example.com'].map((name) => ({ name })));
    assert.equal(answered(replies), 1);
  }),
  limited(
    BIND,
    'ipv4-prefix-length',
    'clients of one network share a limit',
    { responsesPerSecond: 1 },
    async (ask) => {
      const queries = times(5, { name: 'x.test' });
      const replies = [];
      for (const from of ['127.0.5.1', '127.0.5.254', '127.0.6.1']) replies.push(answered(await ask(queries, from)));
      assert.deepEqual(replies, [1, 0, 1]);
    },
  ),
  limited(
    BIND,
    'exempt-clients',
    'exempt clients are not limited',
    { responsesPerSecond: 1, allPerSecond: 1, exempt: ['127.0.5.0/30'] },
    async (ask, server) => {
      assert.equal(answered(await ask(times(5, { name: 'x.test' }), '127.0.5.3')), 5);
      assert.equal(server.stats().totals.rateLimitDropped, 0);
      assert.equal(answered(await ask(times(5, { name: 'x.test' }), '127.0.5.4')), 1);
    },
  ),
  limited(
    BIND,
    'log-only',
    'with reportOnly every response is sent',
    { responsesPerSecond: 1, reportOnly: true },
    async (_, server, port) => {
      for (let id = 0; id < 5; id++) {
        const told = await udpExchange(queryOf({ id, name: 'x.test' }), port);
        assert.deepEqual(told && readReply(told.reply).answer, ['x.test 60 IN A 192.0.2.1']);
      }
      // What is earned back in a second or two counts as answered.
      assert.ok(server.stats().totals.rateLimitDropped >= 2);
    },
  ),
  limited(
    7873,
    '5.2.3',
    'an excess query with a client cookie only gets BADCOOKIE and a server cookie',
    { responsesPerSecond: 1, slip: 1 },
    async (ask) => {
      const [, ...others] = await ask(times(3, withCookie(CLIENT_COOKIE)));
      for (const told of others) {
        assert.deepEqual([told?.rcode, told?.flags, told?.answer], [23, 'qr rd', []]);
        assert.ok(cookieIn(told).startsWith(CLIENT_COOKIE));
      }
    },
  ),
  limited(
    7873,
    '5.2.4',
    'an excess query with an invalid server cookie gets BADCOOKIE and a server cookie',
    { responsesPerSecond: 1, slip: 1 },
    async (ask) => {
      const [, told] = await ask(times(2, withCookie(CLIENT_COOKIE + '00'.repeat(16))));
      assert.equal(told?.rcode, 23);
      assert.ok(cookieIn(told).startsWith(CLIENT_COOKIE));
    },
  ),
  limited(
    7873,
    '5.2.5',
    'a client with a valid cookie is not limited',
    { responsesPerSecond: 1, allPerSecond: 1 },
    async (ask, server) => {
      const [first] = await ask([withCookie(CLIENT_COOKIE)]);
      const replies = await ask(times(10, withCookie(cookieIn(first))));
      assert.deepEqual(
        replies.map((told) => told?.answer),
        Array(10).fill(['x.test 60 IN A 192.0.2.1']),
      );
      assert.equal(server.stats().totals.rateLimitBypassed, 10);
    },
  ),
];
