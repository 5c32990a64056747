/** HTTP/2 under DNS over HTTPS, frame by frame. */
import assert from 'node:assert/strict';
import {
  answered,
  DATA,
  HEADERS,
  PRIORITY,
  RST,
  SETTINGS,
  PUSH,
  PING,
  GOAWAY,
  WINDOW,
  CONTINUATION,
  END_STREAM,
  ACK,
  END_HEADERS,
  PADDED,
  PRIORITIZED,
  PROTOCOL,
  FLOW_CONTROL,
  CLOSED,
  FRAME_SIZE,
  COMPRESSION,
  fields,
  frame,
  frameOf,
  message,
  post,
  PSEUDO,
  RawHttp2,
  request,
  TYPE,
} from '../../support/http2-frames.js';
import { until } from '../../support/server.js';
import { holds, type Rule } from '../rule.js';
import type { Site } from '../site.js';

/** Opens a connection, sends these behind the preface and SETTINGS, and looks at what comes. */
async function send(
  site: Site,
  octets: readonly Buffer[],
  look: (connection: RawHttp2) => Promise<void>,
): Promise<void> {
  const connection = await RawHttp2.open(site.ports.https, site.certificate);
  try {
    connection.greet();
    connection.send(...octets);
    await look(connection);
  } finally {
    connection.socket.destroy();
  }
}

/** Something that may come, and has its answer on stream 1. */
function takes(section: string, rule: string, ...octets: readonly Buffer[]): Rule {
  return holds(9113, section, `taken: ${rule}`, (site) =>
    send(site, octets, async (connection) => {
      await answered(connection, 1);
      assert.ok(!connection.frames.some(({ type }) => type === RST || type === GOAWAY));
    }),
  );
}

/** Something that ends the connection with an error. */
function closes(section: string, rule: string, code: number, ...octets: readonly Buffer[]): Rule {
  return holds(9113, section, `an error of the connection: ${rule}`, (site) =>
    send(site, octets, async (connection) => {
      assert.equal((await frameOf(connection, GOAWAY)).payload.readUInt32BE(4), code);
      await until(() => connection.closed, 'the connection to be closed');
    }),
  );
}

/** Something that ends stream 1 with an error, and nothing else. */
function resets(section: string, rule: string, code: number, ...octets: readonly Buffer[]): Rule {
  return holds(9113, section, `an error of a stream: ${rule}`, (site) =>
    send(site, [...octets, request(3)], async (connection) => {
      assert.equal((await frameOf(connection, RST, 1)).payload.readUInt32BE(), code);
      await answered(connection, 3);
      assert.ok(!connection.frames.some(({ type }) => type === GOAWAY));
    }),
  );
}

const head = (...list: (readonly [string, string])[]): Buffer =>
  frame(HEADERS, END_HEADERS | END_STREAM, 1, fields(...list));

export const rules: readonly Rule[] = [
  takes(
    '6.1',
    'padding, and a priority',
    frame(
      HEADERS,
      END_HEADERS | PADDED | PRIORITIZED,
      1,
      Buffer.concat([Buffer.from([2, 0, 0, 0, 0, 9]), post, Buffer.alloc(2)]),
    ),
    frame(DATA, PADDED, 1, Buffer.concat([Buffer.from([5]), message.subarray(0, 9), Buffer.alloc(5)])),
    frame(DATA, END_STREAM | PADDED, 1, Buffer.concat([Buffer.from([1]), message.subarray(9), Buffer.alloc(1)])),
  ),
  takes(
    '6.10',
    'a field block in several frames',
    frame(HEADERS, 0, 1, post.subarray(0, 5)),
    frame(CONTINUATION, 0, 1),
    frame(CONTINUATION, END_HEADERS, 1, post.subarray(5)),
    frame(DATA, END_STREAM, 1, message),
  ),
  takes(
    '8.1',
    'a trailer',
    frame(HEADERS, END_HEADERS, 1, post),
    frame(DATA, 0, 1, message),
    frame(HEADERS, END_HEADERS | END_STREAM, 1, fields(['x-end', 'yes'])),
  ),
  takes(
    '5.5',
    'frames of an unknown type, unknown settings and flags',
    frame(SETTINGS, 0xfe, 0, 'ffff 00000001'),
    frame(200, 255, 77, '01'),
    request(1),
  ),
  takes(
    '5.1',
    'priorities, and WINDOW_UPDATE of a closed stream',
    frame(PRIORITY, 0, 9, '0000000001'),
    request(1),
    frame(WINDOW, 0, 1, '00000001'),
  ),
  takes(
    '8.1.1',
    'a correct content-length',
    frame(HEADERS, END_HEADERS, 1, fields(...PSEUDO, TYPE, ['content-length', String(message.length)])),
    frame(DATA, END_STREAM, 1, message),
  ),
  closes('6.1', 'a DATA frame of stream 0', PROTOCOL, frame(DATA, 0, 0, '00')),
  closes('5.1', 'a DATA frame of an idle stream', PROTOCOL, frame(DATA, 0, 1, '00')),
  closes(
    '6.1',
    'more padding than payload',
    PROTOCOL,
    frame(HEADERS, END_HEADERS, 1, post),
    frame(DATA, PADDED, 1, '05 00'),
  ),
  closes('6.1', 'padding without payload', FRAME_SIZE, frame(HEADERS, END_HEADERS, 1, post), frame(DATA, PADDED, 1)),
  closes('5.1.1', 'a stream with an even number', PROTOCOL, frame(HEADERS, END_HEADERS, 2, post)),
  closes('5.1.1', 'a stream that was skipped', PROTOCOL, request(5), request(3)),
  closes('5.1.1', 'a lower stream while a request arrives', PROTOCOL, frame(HEADERS, END_HEADERS, 7, post), request(5)),
  closes('5.1.1', 'a stream below several that were skipped', PROTOCOL, request(3), request(9), request(1)),
  closes('5.1', 'HEADERS of a stream that has ended', CLOSED, request(1), head(...PSEUDO)),
  closes(
    '5.1',
    'HEADERS of a stream that the client has reset',
    CLOSED,
    frame(HEADERS, END_HEADERS, 1, post),
    frame(RST, 0, 1, '00000008'),
    head(...PSEUDO),
  ),
  closes('6.2', 'HEADERS of stream 0', PROTOCOL, frame(HEADERS, END_HEADERS, 0, post)),
  closes(
    '6.10',
    'another frame in a field block',
    PROTOCOL,
    frame(HEADERS, 0, 1, post),
    frame(PING, 0, 0, Buffer.alloc(8)),
  ),
  closes(
    '6.10',
    'a field block that another stream continues',
    PROTOCOL,
    frame(HEADERS, 0, 1, post),
    frame(CONTINUATION, 4, 3),
  ),
  closes('6.10', 'CONTINUATION without HEADERS', PROTOCOL, frame(CONTINUATION, END_HEADERS, 1, post)),
  closes('4.3', 'an invalid field block', COMPRESSION, frame(HEADERS, END_HEADERS | END_STREAM, 1, '80')),
  closes('4.2', 'a frame that is too long', FRAME_SIZE, frame(HEADERS, END_HEADERS, 1, Buffer.alloc(16_385))),
  closes(
    '6.2',
    'more padding than the payload after a priority',
    PROTOCOL,
    frame(HEADERS, END_HEADERS | PADDED | PRIORITIZED, 1, '01 0000000009'),
  ),
  closes('6.2', 'an incomplete padding length and priority', FRAME_SIZE, frame(HEADERS, PADDED | PRIORITIZED, 1, '00')),
  closes('6.3', 'a PRIORITY of invalid length on an idle stream', FRAME_SIZE, frame(PRIORITY, 0, 1, '00')),
  closes('6.3', 'a PRIORITY of stream 0', PROTOCOL, frame(PRIORITY, 0, 0, '0000000001')),
  closes('6.4', 'a RST_STREAM of stream 0', PROTOCOL, frame(RST, 0, 0, '00000008')),
  closes('6.4', 'a RST_STREAM of an idle stream', PROTOCOL, frame(RST, 0, 1, '00000008')),
  closes(
    '6.4',
    'a RST_STREAM of invalid length',
    FRAME_SIZE,
    frame(HEADERS, END_HEADERS, 1, post),
    frame(RST, 0, 1, '00'),
  ),
  closes('6.5', 'SETTINGS of a stream', PROTOCOL, frame(SETTINGS, 0, 1)),
  closes('6.5', 'SETTINGS of invalid length', FRAME_SIZE, frame(SETTINGS, 0, 0, '0001')),
  closes('6.5', 'an acknowledgement of SETTINGS with settings', FRAME_SIZE, frame(SETTINGS, ACK, 0, '000300000001')),
  closes('6.5.2', 'ENABLE_PUSH of 2', PROTOCOL, frame(SETTINGS, 0, 0, '000200000002')),
  closes('6.5.2', 'an initial window over 2^31-1', FLOW_CONTROL, frame(SETTINGS, 0, 0, '000480000000')),
  closes('6.5.2', 'MAX_FRAME_SIZE below its minimum', PROTOCOL, frame(SETTINGS, 0, 0, '000500003fff')),
  closes('6.5.2', 'MAX_FRAME_SIZE above its maximum', PROTOCOL, frame(SETTINGS, 0, 0, '000501000000')),
  closes('8.4', 'a PUSH_PROMISE', PROTOCOL, frame(PUSH, END_HEADERS, 1, '00000002')),
  closes('6.7', 'a PING of a stream', PROTOCOL, frame(PING, 0, 1, Buffer.alloc(8))),
  closes('6.7', 'a PING of invalid length', FRAME_SIZE, frame(PING, 0, 0, '00')),
  closes('6.8', 'a GOAWAY of a stream', PROTOCOL, frame(GOAWAY, 0, 1, Buffer.alloc(8))),
  closes('6.8', 'a GOAWAY of invalid length', FRAME_SIZE, frame(GOAWAY, 0, 0, '00')),
  closes('6.9', 'WINDOW_UPDATE of 0', PROTOCOL, frame(WINDOW, 0, 0, '00000000')),
  closes('6.9.1', 'a window over 2^31-1', FLOW_CONTROL, frame(WINDOW, 0, 0, '7fffffff')),
  closes('6.9', 'WINDOW_UPDATE of invalid length', FRAME_SIZE, frame(WINDOW, 0, 0, '0000')),
  closes('5.1', 'WINDOW_UPDATE of an idle stream', PROTOCOL, frame(WINDOW, 0, 1, '00000001')),
  closes('6.2', 'an incomplete priority', FRAME_SIZE, frame(HEADERS, END_HEADERS | PRIORITIZED, 1, '0000')),
  resets('8.2.1', 'a name with an upper case letter', PROTOCOL, head(...PSEUDO, ['X-Name', 'a'])),
  resets('8.2.1', 'a name with a space', PROTOCOL, head(...PSEUDO, ['x name', 'a'])),
  resets('8.2.1', 'an empty name', PROTOCOL, head(...PSEUDO, ['', 'a'])),
  resets('8.2.1', 'a value with a line break', PROTOCOL, head(...PSEUDO, ['x', 'a\r\nb: c'])),
  resets('8.2.1', 'a value with a space at its end', PROTOCOL, head(...PSEUDO, ['x', 'a '])),
  resets('8.2.2', 'a connection-specific field', PROTOCOL, head(...PSEUDO, ['connection', 'close'])),
  resets('8.2.2', 'transfer-encoding', PROTOCOL, head(...PSEUDO, ['te', 'gzip'])),
  resets('8.3.1', 'no method', PROTOCOL, head(...PSEUDO.slice(1))),
  resets('8.3.1', 'no scheme', PROTOCOL, head(PSEUDO[0], PSEUDO[2])),
  resets('8.3.1', 'no path', PROTOCOL, head(...PSEUDO.slice(0, 2))),
  resets('8.3.1', 'an empty path', PROTOCOL, head(PSEUDO[0], PSEUDO[1], [':path', ''])),
  resets('8.3.1', 'two paths', PROTOCOL, head(...PSEUDO, PSEUDO[2])),
  resets('8.3', 'an unknown pseudo-header field', PROTOCOL, head(...PSEUDO, [':x', 'a'])),
  resets('8.3', 'a pseudo-header field of a response', PROTOCOL, head(...PSEUDO, [':status', '200'])),
  resets('8.3', 'a pseudo-header field after other fields', PROTOCOL, head(PSEUDO[0], PSEUDO[1], TYPE, PSEUDO[2])),
  resets('8.5', 'CONNECT with a path', PROTOCOL, head([':method', 'CONNECT'], [':path', '/'], [':authority', 'a'])),
  resets('8.1.1', 'content-length without a body', PROTOCOL, head(...PSEUDO, TYPE, ['content-length', '5'])),
  resets('8.1.1', 'an invalid content-length', PROTOCOL, head(...PSEUDO, TYPE, ['content-length', '-1'])),
  resets(
    '8.1.1',
    'a body shorter than content-length',
    PROTOCOL,
    frame(HEADERS, END_HEADERS, 1, fields(...PSEUDO, TYPE, ['content-length', '99'])),
    frame(DATA, END_STREAM, 1, message),
  ),
  resets(
    '8.1.1',
    'a body longer than content-length',
    PROTOCOL,
    frame(HEADERS, END_HEADERS, 1, fields(...PSEUDO, TYPE, ['content-length', '1'])),
    frame(DATA, 0, 1, message),
  ),
  resets('8.1', 'a trailer with a path', PROTOCOL, frame(HEADERS, END_HEADERS, 1, post), head(PSEUDO[2])),
  resets(
    '8.1',
    'a trailer without END_STREAM',
    PROTOCOL,
    frame(HEADERS, END_HEADERS, 1, post),
    frame(HEADERS, END_HEADERS, 1, fields(['x', 'y'])),
  ),
  resets('5.1', 'DATA of a stream that has ended', CLOSED, request(1), frame(DATA, END_STREAM, 1, '00')),
  resets('6.9', 'WINDOW_UPDATE of 0', PROTOCOL, frame(HEADERS, END_HEADERS, 1, post), frame(WINDOW, 0, 1, '00000000')),
  resets(
    '6.9.1',
    'a window over 2^31-1',
    FLOW_CONTROL,
    frame(HEADERS, END_HEADERS, 1, post),
    frame(WINDOW, 0, 1, '7fffffff'),
  ),
  resets(
    '6.3',
    'a PRIORITY of invalid length',
    FRAME_SIZE,
    frame(HEADERS, END_HEADERS, 1, post),
    frame(PRIORITY, 0, 1, '00'),
  ),
];
