/** Floods and lies in frames of HTTP/2, under DNS over HTTPS and gRPC. */
import { setTimeout as wait } from 'node:timers/promises';
import {
  CONTINUATION,
  DATA,
  END_HEADERS,
  END_STREAM,
  fields,
  frame,
  GOAWAY,
  HEADERS,
  PADDED,
  PING,
  PRIORITY,
  PSEUDO,
  RawHttp2,
  RST,
  SETTINGS,
  TYPE,
  WINDOW,
  post,
  request,
  word,
} from '../../support/http2-frames.js';
import { holds, type Attack } from '../attack.js';
import type { Random } from '../random.js';
import type { Target } from '../target.js';

const COUNT = 3000;
/** How much more memory a flood of one connection may take while it lasts, in MiB. */
const MEMORY = 128;

/** Frames of one flood. `i`: from 0 on. */
type Flood = (i: number, random: Random) => Buffer;

const head = (stream: number, block: Buffer, flags = END_HEADERS | END_STREAM): Buffer =>
  frame(HEADERS, flags, stream, block);
/** A field that is kept, and then referred to 4,000 times. */
const bomb = Buffer.concat([
  fields(...PSEUDO),
  Buffer.from([0x40, 1, 0x78, 127, 0x81, 0x1e]),
  Buffer.alloc(127 + 1 + (0x1e << 7), 'x'),
  Buffer.alloc(4000, 0xbe),
]);

const FLOODS: Readonly<Record<string, Flood>> = {
  'rapid reset': (i) => Buffer.concat([request(2 * i + 1), frame(RST, 0, 2 * i + 1, word(8))]),
  'resets that the server is made to send': (i) =>
    Buffer.concat([frame(HEADERS, END_HEADERS, 2 * i + 1, post), frame(WINDOW, 0, 2 * i + 1, word(0))]),
  'data of ended streams': (i) => Buffer.concat([request(2 * i + 1), frame(DATA, END_STREAM, 2 * i + 1, '00')]),
  pings: () => frame(PING, 0, 0, Buffer.alloc(8)),
  settings: (_, random) => frame(SETTINGS, 0, 0, `0004${word(random.below(70_000)).toString('hex')}`),
  'windows of one octet': () => frame(WINDOW, 0, 0, word(1)),
  priorities: (i) => frame(PRIORITY, 0, 2 * i + 1, '0000000001'),
  'unknown types': (_, random) => frame(11 + random.below(240), random.below(256), random.below(9), random.octets(9)),
  'open streams': (i) => frame(HEADERS, END_HEADERS, 2 * i + 1, post),
  'empty data': (i) => (i === 0 ? frame(HEADERS, END_HEADERS, 1, post) : frame(DATA, 0, 1)),
  'padding alone': (i) =>
    i === 0
      ? frame(HEADERS, END_HEADERS, 1, post)
      : frame(DATA, PADDED, 1, Buffer.concat([Buffer.of(255), Buffer.alloc(255)])),
  'field blocks that expand': (i) => head(2 * i + 1, bomb),
  'a field block without an end': (i) => (i === 0 ? frame(HEADERS, 0, 1, post) : frame(CONTINUATION, 0, 1)),
  'a long field block': (i) =>
    i === 0 ? frame(HEADERS, 0, 1, post) : frame(CONTINUATION, 0, 1, Buffer.alloc(9000, 0x82)),
  'a table that grows and shrinks': (i) => head(2 * i + 1, Buffer.from('3fe11f203fe11f82', 'hex')),
  'windows of nothing': (i) => (i === 0 ? frame(SETTINGS, 0, 0, '000400000000') : request(2 * i - 1)),
  'frames without any order': (_, random) =>
    frame(random.below(10), random.below(64), random.below(12), random.octets(random.below(40))),
};

/** Frames after which the connection must be closed with GOAWAY. */
const ERRORS: Readonly<Record<string, Buffer>> = {
  'a lower stream': Buffer.concat([head(7, fields(...PSEUDO, TYPE)), head(3, fields(...PSEUDO, TYPE))]),
  'an even stream': head(2, fields(...PSEUDO, TYPE)),
  'a push': frame(5, END_HEADERS, 1, '00000002'),
  'data of an idle stream': frame(DATA, 0, 9, '00'),
  'a field block that cannot be read': head(1, Buffer.of(0x80)),
  'a window that is too wide': Buffer.concat([
    frame(WINDOW, 0, 0, word(0x7fffffff)),
    frame(WINDOW, 0, 0, word(0x7fffffff)),
  ]),
  'a frame that is too long': frame(PING, 0, 0, Buffer.alloc(20_000)),
};

async function flood(target: Target, random: Random): Promise<void> {
  const { port } = random.pick(target.listeners('https', 'grpc'));
  const connection = await RawHttp2.open(port, { ...certificateOf(target), file: '' });
  try {
    connection.greet();
    const name = random.pick(Object.keys(FLOODS));
    const before = target.memory();
    if (random.below(3) === 0) connection.socket.pause();
    for (let i = 0; i < COUNT && !connection.closed; i++) {
      connection.send(FLOODS[name](i, random));
      if (i % 100 === 99) await wait(5);
    }
    await wait(100);
    const grown = target.memory() - before;
    holds(grown < MEMORY, `${name}: ${grown.toFixed(0)} MiB more`);
  } finally {
    connection.socket.destroy();
  }
}

async function mistake(target: Target, random: Random): Promise<void> {
  const { port } = random.pick(target.listeners('https', 'grpc'));
  const connection = await RawHttp2.open(port, { ...certificateOf(target), file: '' });
  try {
    connection.greet();
    const name = random.pick(Object.keys(ERRORS));
    connection.send(ERRORS[name]);
    for (let i = 0; i < 100 && !connection.closed; i++) await wait(20);
    holds(connection.closed, `${name}: the connection stays open`);
    holds(
      connection.frames.some(({ type }) => type === GOAWAY),
      `${name}: there is no GOAWAY`,
    );
  } finally {
    connection.socket.destroy();
  }
}

function certificateOf({ plan }: Target): { cert: string; key: string } {
  holds(plan.certificate !== undefined, 'no certificate');
  return plan.certificate;
}

const suits = (target: Target): boolean => target.listeners('https', 'grpc').length > 0;

export const frames: Attack = {
  name: 'frames',
  seconds: 3,
  suits,
  run: (target, random) => target.during(() => flood(target, random)),
};

export const frameErrors: Attack = {
  name: 'frame-errors',
  seconds: 3,
  suits,
  run: (target, random) => target.during(() => mistake(target, random)),
};
