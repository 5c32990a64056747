import assert from 'node:assert/strict';
import { mock } from 'node:test';
import type { CodedError } from '../../dist/errors.js';
import type { Handler } from '../../dist/message/handler.js';
import { workerCounter, workerCounters, type WorkerCounter } from '../../dist/worker/counters.js';
import { Dispatcher, type DispatcherOptions } from '../../dist/worker/dispatcher.js';
import { ednsSettings } from '../../dist/worker/edns-settings.js';
import { HandlerFailures, type Report } from '../../dist/worker/handler-failures.js';
import { ReplyEncoder, type ReplyEncoderOptions } from '../../dist/worker/reply-encoder.js';
import { asked, decoded, Reply, type Asked, type Query } from '../support/queries.js';

const ROW = 5;
const A = { type: 'A', name: 'example.org', ttl: 1, data: '192.0.2.1' } as const;

/** A dispatcher with what it counted, reported and delivered. */
function make(handler: Handler, more: Partial<DispatcherOptions & ReplyEncoderOptions> = {}) {
  const counters = new Float64Array(ROW + workerCounters.length);
  const reported: CodedError[] = [];
  const delivered: Reply[] = [];
  const report: Report = (code, makeError) => {
    const error = makeError();
    assert.equal(error.code, code);
    reported.push(error);
  };
  const failures = new HandlerFailures(counters, ROW, report);
  const shared = { counters, row: ROW, failures };
  const dispatcher = new Dispatcher({
    handler,
    cache: undefined,
    handlerTimeout: 1000,
    maxInFlight: 10,
    overload: 'drop',
    report,
    ...shared,
    ...more,
  });
  const encoder = new ReplyEncoder({
    cache: undefined,
    maxPayloadSize: 1232,
    edns: ednsSettings({ maxPayloadSize: 1232, idleTimeout: 10_000, grpcEncrypted: false, nsid: undefined }),
    ...shared,
    ...more,
  });
  const nonZero = (): [WorkerCounter, number][] =>
    workerCounters
      .map((name): [WorkerCounter, number] => [name, counters[ROW + workerCounter(name)]])
      .filter(([, value]) => value !== 0);
  /** Counters other than those of replies by response code. */
  const counted = (): Record<string, number> =>
    Object.fromEntries(nonZero().filter(([name]) => !name.startsWith('replies')));
  const replies = (): Record<string, number> =>
    Object.fromEntries(nonZero().filter(([name]) => name.startsWith('replies')));
  /** What goes over the wire; undefined when nothing does. */
  const encode = (query: Query, reply: Reply) => {
    const target = Buffer.alloc(0x10000 + 8);
    const length = encoder.encode(query, reply, target, 8);
    return length === 0 ? undefined : decoded(target.subarray(8, 8 + length));
  };
  return {
    dispatcher,
    counted,
    replies,
    reported,
    delivered,
    encode,
    /** Serves a query as a batch of its own; `ready` as {@link Dispatcher.serve} says. */
    serve: (how: Asked = {}, keep = true) => {
      const query = asked(how);
      const reply = new Reply(query);
      const ready = dispatcher.serve(query, reply, (sameQuery, late) => {
        assert.equal(sameQuery, query);
        delivered.push(late as Reply);
      });
      if (keep) dispatcher.keep();
      return { query, reply, ready };
    },
  };
}

/** A Promise, and how to end it. */
function held(): { promise: Promise<void>; resolve: () => void; reject: (error: Error) => void } {
  let resolve!: () => void;
  let reject!: (error: Error) => void;
  const promise = new Promise<void>((done, failed) => {
    resolve = done;
    reject = failed;
  });
  return { promise, resolve, reject };
}
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
/** Resolves when all microtasks are done. */
const microtasks = (): Promise<void> =>
  new Promise((resolve) => {
    process.nextTick(resolve);
  });

describe('a synchronous handler', () => {
  it('has its reply sent at once', () => {
    const { serve, encode, counted, reported } = make((_, reply) => void reply.answer(A));
    const { query, reply, ready } = serve();
    assert.equal(ready, true);
    assert.equal(encode(query, reply)!.answers!.length, 1);
    assert.deepEqual(counted(), { handled: 1 });
    assert.deepEqual(reported, []);
  });

  it('that throws gives SERVFAIL, and nothing of what it said before', () => {
    const cause = new Error('on purpose');
    const { serve, encode, counted, reported } = make((_, reply) => {
      reply.answer(A);
      throw cause;
    });
    const { query, reply, ready } = serve();
    assert.equal(ready, true);
    const { rcode, answers } = encode(query, reply)!;
    assert.deepEqual([rcode, answers!.length], ['SERVFAIL', 0]);
    assert.deepEqual(counted(), { handled: 1, handlerThrew: 1 });
    const [error] = reported;
    assert.equal(error.code, 'ERR_MULTISOCKET_HANDLER_THREW');
    assert.equal(error.message, 'the handler threw for example.org IN A: on purpose');
    assert.equal(error.cause, cause);
  });

  it('that throws a value other than an error gives SERVFAIL', () => {
    const { serve, reported } = make(() => {
      // eslint-disable-next-line @typescript-eslint/only-throw-error
      throw 'text';
    });
    assert.equal(serve().reply.rcode, 'SERVFAIL');
    assert.equal(reported[0].message, 'the handler threw for example.org IN A');
    assert.equal(reported[0].cause, 'text');
  });

  it('that says nothing gives SERVFAIL', () => {
    const { serve, encode, counted, reported } = make(() => undefined);
    const { query, reply } = serve();
    assert.equal(encode(query, reply)!.rcode, 'SERVFAIL');
    assert.deepEqual(counted(), { handled: 1, handlerSilent: 1 });
    assert.equal(reported[0].code, 'ERR_MULTISOCKET_HANDLER_SILENT');
    assert.equal(reported[0].message, 'the handler answered nothing for example.org IN A');
  });

  it('that drops a query has nothing sent', () => {
    const { serve, encode, counted, reported } = make((_, reply) => {
      reply.drop();
    });
    const { query, reply } = serve();
    assert.equal(encode(query, reply), undefined);
    assert.deepEqual(counted(), { handled: 1, handlerDropped: 1 });
    assert.deepEqual(reported, []);
  });

  it('that returns a value other than a Promise is done', () => {
    const { serve, counted } = make(((_: unknown, reply: Reply) => reply.answer(A)) as unknown as Handler);
    assert.equal(serve().ready, true);
    assert.deepEqual(counted(), { handled: 1 });
  });

  it('whose records cannot be encoded gives SERVFAIL', () => {
    const { serve, encode, counted, reported } = make((_, reply) => void reply.answer({ ...A, data: 'nowhere' }));
    const { query, reply } = serve();
    const { rcode, answers } = encode(query, reply)!;
    assert.deepEqual([rcode, answers!.length], ['SERVFAIL', 0]);
    assert.deepEqual(counted(), { handled: 1, replyInvalid: 1 });
    assert.equal(reported[0].code, 'ERR_MULTISOCKET_REPLY_INVALID');
    assert.match(
      reported[0].message,
      /^the handler answered what cannot be encoded for .*: invalid IPv4 address 'nowhere'$/,
    );
  });

  it('that says too much for a datagram has it truncated, and counted', () => {
    const { serve, encode, counted, reported } = make((_, reply) => {
      for (let i = 0; i < 100; i++) reply.answer(A);
    });
    const { query, reply } = serve();
    assert.equal(encode(query, reply)!.flag_tc, true);
    assert.deepEqual(counted(), { handled: 1, truncated: 1 });
    assert.deepEqual(reported, []);
  });

  it('that says too much for any message gives SERVFAIL by TCP', () => {
    const { serve, encode, counted, reported } = make((_, reply) => {
      for (let i = 0; i < 5000; i++) reply.answer(A);
    });
    const { query, reply } = serve({ transport: 'tcp' });
    const message = encode(query, reply)!;
    assert.deepEqual([message.rcode, message.flag_tc], ['SERVFAIL', false]);
    assert.deepEqual(counted(), { handled: 1, replyInvalid: 1 });
    assert.equal(reported[0].code, 'ERR_MULTISOCKET_REPLY_TOO_LARGE');
  });

  it('calls its observers with the reply that was sent, or with none', () => {
    const outcomes: unknown[] = [];
    const { serve, encode } = make((query, reply) => {
      reply.observe((outcome) => outcomes.push(outcome));
      if (query.id === 1) reply.drop();
      else reply.rcode = 'REFUSED';
    });
    for (const id of [1, 2]) {
      const { query, reply } = serve({ id, size: undefined });
      encode(query, reply);
    }
    assert.deepEqual(outcomes, [
      { rcode: 'NOERROR', length: 0, truncated: false, kept: false },
      { rcode: 'REFUSED', length: 12 + 17, truncated: false, kept: false },
    ]);
  });
});

describe('an asynchronous handler', () => {
  it('has its reply delivered when it is done, once', async () => {
    const { promise, resolve } = held();
    const { serve, delivered, counted, encode } = make(async (_, reply) => {
      await promise;
      reply.answer(A);
    });
    const { query, reply, ready } = serve();
    assert.equal(ready, false);
    assert.deepEqual(counted(), { handled: 1, inFlight: 1 });
    await turn();
    assert.equal(delivered.length, 0);
    resolve();
    await turn();
    assert.deepEqual(delivered, [reply]);
    assert.equal(encode(query, reply)!.answers!.length, 1);
    assert.deepEqual(counted(), { handled: 1 });
  });

  it('that rejects gives SERVFAIL', async () => {
    const { serve, delivered, counted, reported } = make(() => Promise.reject(new Error('on purpose')));
    serve();
    await turn();
    assert.equal(delivered[0].rcode, 'SERVFAIL');
    assert.deepEqual(counted(), { handled: 1, handlerRejected: 1 });
    assert.equal(reported[0].code, 'ERR_MULTISOCKET_HANDLER_REJECTED');
    assert.equal(reported[0].message, 'the handler rejected for example.org IN A: on purpose');
  });

  it('that says nothing gives SERVFAIL', async () => {
    const { serve, delivered, counted, reported } = make(() => Promise.resolve());
    serve();
    await turn();
    assert.equal(delivered[0].rcode, 'SERVFAIL');
    assert.deepEqual(counted(), { handled: 1, handlerSilent: 1 });
    assert.equal(reported[0].code, 'ERR_MULTISOCKET_HANDLER_SILENT');
  });

  it('that drops a query is counted', async () => {
    const { serve, delivered, counted, encode } = make(async (_, reply) => {
      await turn();
      reply.drop();
    });
    const { query, reply } = serve();
    await turn();
    await turn();
    assert.deepEqual(delivered, [reply]);
    assert.equal(encode(query, reply), undefined);
    assert.deepEqual(counted(), { handled: 1, handlerDropped: 1 });
  });

  it('may return anything that has a then', async () => {
    const { serve, delivered } = make(((_: unknown, reply: Reply) => {
      reply.answer(A);
      return { then: (done: () => void) => Promise.resolve().then(done) };
    }) as unknown as Handler);
    assert.equal(serve().ready, false);
    await turn();
    assert.equal(delivered.length, 1);
  });
});

describe('a batch of queries for an asynchronous handler', () => {
  afterEach(() => {
    mock.restoreAll();
  });

  it('costs one look at the clock, and none if all are answered within it', async () => {
    const clock = mock.method(performance, 'now');
    const handler: Handler = async (query, reply) => {
      if (query.id > 100) await turn();
      reply.answer(A);
    };
    const { serve, dispatcher, delivered } = make(handler, { maxInFlight: 64 });
    for (let id = 1; id <= 64; id++) serve({ id }, false);
    await microtasks();
    dispatcher.keep();
    assert.deepEqual([delivered.length, clock.mock.callCount()], [64, 0]);
    for (let id = 101; id <= 164; id++) serve({ id }, false);
    await microtasks();
    dispatcher.keep();
    dispatcher.keep();
    assert.deepEqual([delivered.length, clock.mock.callCount()], [64, 1]);
    await turn();
    assert.equal(delivered.length, 128);
  });

  it('leaves its memory when it is kept, and those that are answered do not', async () => {
    const { serve, dispatcher } = make(async (query) => {
      if (query.id === 2) await turn();
    });
    const queries = [1, 2].map((id) => serve({ id }, false).query);
    const before = queries.map(({ bytes }) => bytes);
    await microtasks();
    dispatcher.keep();
    assert.deepEqual(
      queries.map(({ bytes }, i) => bytes === before[i]),
      [true, false],
    );
  });
});

describe('an asynchronous handler that is late', () => {
  let now: number;
  beforeEach(() => {
    now = 0;
    mock.timers.enable({ apis: ['setTimeout'] });
    mock.method(performance, 'now', () => now);
  });
  afterEach(() => {
    mock.restoreAll();
    mock.timers.reset();
  });
  const pass = (ms: number): void => {
    now += ms;
    mock.timers.tick(ms);
  };

  it('gives SERVFAIL after its time, and its own answer is ignored', async () => {
    const { promise, resolve } = held();
    const { serve, delivered, counted, reported, encode } = make(async (_, reply) => {
      await promise;
      reply.answer(A);
    });
    const { query, reply } = serve();
    pass(999);
    assert.equal(delivered.length, 0);
    pass(1);
    assert.equal(delivered.length, 1);
    assert.notEqual(delivered[0], reply);
    assert.equal(encode(query, delivered[0])!.rcode, 'SERVFAIL');
    assert.deepEqual(counted(), { handled: 1, handlerTimedOut: 1 });
    assert.equal(reported[0].code, 'ERR_MULTISOCKET_HANDLER_TIMEOUT');
    assert.equal(reported[0].message, 'the handler took longer than 1000 ms for example.org IN A');
    resolve();
    await turn();
    assert.equal(delivered.length, 1);
    assert.equal(delivered[0].rcode, 'SERVFAIL');
  });

  it('and rejects then is not reported twice', async () => {
    const { promise, reject } = held();
    const { serve, delivered, reported } = make(() => promise);
    serve();
    pass(1000);
    reject(new Error('too late'));
    await turn();
    assert.equal(delivered.length, 1);
    assert.equal(reported.length, 1);
  });

  it('does not shorten the time of those that came after it', async () => {
    const { serve, delivered } = make(() => held().promise);
    serve({ id: 1 });
    pass(600);
    serve({ id: 2 });
    pass(400);
    assert.equal(delivered.length, 1);
    pass(599);
    assert.equal(delivered.length, 1);
    pass(1);
    assert.equal(delivered.length, 2);
    serve({ id: 3 });
    pass(1000);
    assert.equal(delivered.length, 3);
  });

  it('does not shorten theirs when it was in time after all', async () => {
    const first = held();
    let call = 0;
    const { serve, delivered } = make(async (_, reply) => {
      await (call++ === 0 ? first.promise : held().promise);
      reply.answer(A);
    });
    serve();
    pass(500);
    serve();
    first.resolve();
    await turn();
    assert.equal(delivered.length, 1);
    pass(500);
    assert.equal(delivered.length, 1);
    pass(500);
    assert.equal(delivered.length, 2);
    assert.equal(delivered[1].rcode, 'SERVFAIL');
  });
});

describe('replies', () => {
  it('are counted by response code when they are encoded', () => {
    const rcodes = ['NOERROR', 'NXDOMAIN', 'REFUSED', 'NOTIMP', 'NXDOMAIN'] as const;
    let next = 0;
    const { serve, encode, replies } = make((_, reply) => {
      const rcode = rcodes[next++];
      if (next > rcodes.length) throw new Error('on purpose');
      reply.rcode = rcode;
    });
    for (let i = 0; i <= rcodes.length; i++) {
      const { query, reply } = serve();
      encode(query, reply);
    }
    assert.deepEqual(replies(), {
      repliesNoError: 1,
      repliesNxDomain: 2,
      repliesServFail: 1,
      repliesRefused: 1,
      repliesOther: 1,
    });
  });
});

describe('queries that handlers hold', () => {
  for (const [overload, rcode] of [
    ['drop', undefined],
    ['SERVFAIL', 'SERVFAIL'],
    ['REFUSED', 'REFUSED'],
  ] as const) {
    it(`are so many at most; more are shed (${overload}) before a handler sees them`, async () => {
      const hold = held();
      let calls = 0;
      const made = make(
        async (_, reply) => {
          calls++;
          await hold.promise;
          reply.answer(A);
        },
        { maxInFlight: 2, overload },
      );
      made.serve();
      made.serve();
      const { query, reply, ready } = made.serve();
      assert.deepEqual([ready, calls], [true, 2]);
      assert.equal(made.encode(query, reply)?.rcode, rcode);
      assert.deepEqual(made.counted(), { handled: 2, shed: 1, inFlight: 2 });
      assert.equal(made.reported[0].code, 'ERR_MULTISOCKET_OVERLOAD');
      hold.resolve();
      await turn();
      assert.equal(made.serve().ready, false);
      await turn();
      assert.deepEqual([calls, made.delivered.length], [3, 3]);
    });
  }

  it('are waited for until the last is delivered', async () => {
    const holds = [held(), held()];
    let call = 0;
    const { serve, dispatcher, delivered } = make(async (_, reply) => {
      await holds[call++].promise;
      reply.answer(A);
    });
    await dispatcher.drained();
    serve();
    serve();
    const seen: number[] = [];
    const drained = [dispatcher.drained(), dispatcher.drained()].map((each) =>
      each.then(() => seen.push(delivered.length)),
    );
    holds[1].resolve();
    await turn();
    assert.deepEqual(seen, []);
    holds[0].resolve();
    await Promise.all(drained);
    assert.deepEqual(seen, [2, 2]);
  });

  it('are forgotten when the worker ends, and waiting code continues', async () => {
    const { promise, resolve } = held();
    const { serve, dispatcher, delivered, counted } = make(async (_, reply) => {
      await promise;
      reply.answer(A);
    });
    serve();
    const drained = dispatcher.drained();
    dispatcher.abort();
    await drained;
    assert.deepEqual(counted(), { handled: 1 });
    resolve();
    await turn();
    assert.equal(delivered.length, 0);
  });
});
