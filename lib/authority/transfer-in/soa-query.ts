import { randomInt } from 'node:crypto';
import { FLAG, TYPE } from '../../dns/numbers.js';
import { RecordCursor } from '../../dns/record-cursor.js';
import { TsigSecret, type TsigKey } from '../../dns/tsig.js';
import { TsigClient } from '../../message/tsig-client.js';
import { serialIn } from '../../zone/serial.js';
import { checkHeader, writeQuery, type Asked } from './message.js';
import { exchangeByStream, exchangeByUdp, type ExchangeLimits, type Primary } from './primary.js';

/** UDP: datagrams that are sent, and milliseconds after each. */
const UDP = { attempts: 2, timeout: 1500 };
/** TCP: an answer of one message. */
const STREAM: ExchangeLimits = { idle: 5000, octets: 0x20000, total: 10_000, perKib: 0, longest: 10_000 };

/**
 * Asks a primary for the serial number of its zone: by UDP, then by TCP (RFC 1034 s.4.3.5); by TLS alone if the primary has
 * it. Rejects with an `Error` that says what the primary does wrong.
 */
export async function askSerial(
  primary: Primary,
  origin: string,
  key: TsigKey | undefined,
  signal: AbortSignal,
): Promise<number> {
  if (primary.tls === undefined) {
    const asked = question(origin, key);
    const answer = await exchangeByUdp(primary, asked.query, asked.isAnswer, UDP, signal).catch(() => undefined);
    signal.throwIfAborted();
    if (answer !== undefined && !isTruncated(answer)) return asked.read(answer);
  }
  const asked = question(origin, key);
  let serial = 0;
  const take = (message: Buffer): boolean => {
    serial = asked.read(message);
    return true;
  };
  await exchangeByStream(primary, asked.query, take, STREAM, signal);
  return serial;
}

interface Question {
  query: Buffer;
  /** Whether a datagram belongs to the query. */
  isAnswer: (message: Buffer) => boolean;
  /** The serial number in the answer. Throws `Error`. */
  read: (message: Buffer) => number;
}

function question(origin: string, key: TsigKey | undefined): Question {
  const asked: Asked = { origin, id: randomInt(0x10000), type: TYPE.SOA };
  const client = key === undefined ? undefined : new TsigClient(new TsigSecret(key));
  const plain = writeQuery(asked);
  return {
    query: client?.sign(plain) ?? plain,
    isAnswer: (message) => message.length >= 12 && message.readUInt16BE(0) === asked.id,
    read: (message) => readSerial(client?.open(message) ?? message, asked),
  };
}

function isTruncated(message: Buffer): boolean {
  return (message.readUInt16BE(2) & FLAG.TC) !== 0;
}

function readSerial(message: Buffer, asked: Asked): number {
  const cursor = new RecordCursor();
  cursor.begin(message, checkHeader(message, asked));
  for (let left = message.readUInt16BE(6); left > 0; left--) {
    cursor.next();
    if (cursor.type === TYPE.SOA && cursor.name === asked.origin) {
      return serialIn(cursor.data.subarray(0, cursor.dataEnd));
    }
  }
  throw new Error('the primary has no SOA record for the zone');
}
