/** Many messages of any kind by UDP: what is answered, and what is not. */
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';

/** How many messages are under way at a time: fewer than what socket buffers hold. */
const WINDOW = 32;
/** How long what comes after the marker's answer is waited for, in ms: a server may send a batch in another order. */
const GRACE = 20;
/** How often what is not answered is asked again: servers drop replies that the client's socket has no room for yet. */
const PASSES = 3;

/**
 * The replies of the server at `port` of 127.0.0.1 in the order of the messages, whose IDs are overwritten; undefined for
 * those that it does not answer, which is known when a later message, `marker`, has been, several times.
 */
export async function exchangeAll(
  port: number,
  messages: readonly Buffer[],
  marker: Buffer,
): Promise<(Buffer | undefined)[]> {
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  try {
    const replies = Array.from<Buffer | undefined>({ length: messages.length });
    let left = [...messages.keys()];
    for (let pass = 0; pass < PASSES && left.length > 0; pass++) {
      for (let start = 0; start < left.length; start += WINDOW) {
        const asked = left.slice(start, start + WINDOW);
        const some = asked.map((i) => messages[i]);
        const came = await exchangeWindow(socket, port, start, some, marker);
        for (const [k, i] of asked.entries()) replies[i] = came[k];
      }
      left = left.filter((i) => replies[i] === undefined);
    }
    return replies;
  } finally {
    socket.close();
  }
}

async function exchangeWindow(
  socket: Socket,
  port: number,
  start: number,
  messages: readonly Buffer[],
  marker: Buffer,
): Promise<(Buffer | undefined)[]> {
  const replies = Array.from<Buffer | undefined>({ length: messages.length });
  let missing = messages.length;
  let wake: () => void = () => undefined;
  const marked = new Promise<void>((resolve) => (wake = resolve));
  // IDs go on from window to window, so that a late reply is not taken for one of the next.
  const idOf = (i: number): number => (start + Math.floor(start / WINDOW) + i) & 0xffff;
  const onMessage = (reply: Buffer): void => {
    const i = (reply.readUInt16BE(0) - idOf(0)) & 0xffff;
    if (i === messages.length) wake();
    else if (i < messages.length) {
      if (replies[i] !== undefined) throw new Error('a second reply to one message');
      replies[i] = reply;
      missing--;
    }
  };
  socket.on('message', onMessage);
  for (const [i, message] of [...messages, marker].entries()) {
    const sent = Buffer.from(message);
    if (sent.length >= 2) sent.writeUInt16BE(idOf(i));
    socket.send(sent, port, '127.0.0.1');
  }
  const late = wait(5000, undefined, { ref: false }).then(() => {
    throw new Error(`no answer to the message behind ${messages.length - missing} that were answered`);
  });
  await Promise.race([marked, late]);
  if (missing > 0) await wait(GRACE);
  socket.off('message', onMessage);
  return replies;
}
