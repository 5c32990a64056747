// Tells secondaries by NOTIFY (RFC 1996) that the zone has changed.
import { createSocket } from 'node:dgram';
import { randomInt } from 'node:crypto';
import { clearTimeout, setTimeout } from 'node:timers';

/** Milliseconds until a NOTIFY without an answer is sent again; it doubles each time (RFC 1996 s.3.6). */
const FIRST_WAIT = 500;
const TRIES = 6;
const NOTIFY_AND_AA = 0x2400; // opcode 4, and the flag AA
const SOA = 6;
const IN = 1;

export class Notifier {
  #zone;
  #socket = createSocket('udp4');
  /** Each secondary, with the ID of the NOTIFY that it has not answered, and the timer of the next try. */
  #secondaries;

  /** `secondaries`: `ADDRESS:PORT` of each. */
  constructor(zone, secondaries) {
    this.#zone = zone;
    this.#secondaries = secondaries.map((text) => {
      const [address, port] = text.split(':');
      return { address, port: Number(port), id: undefined, timer: undefined };
    });
    this.#socket.on('message', (message, { address, port }) => {
      const secondary = this.#secondaries.find((each) => each.address === address && each.port === port);
      if (secondary === undefined || message.length < 12 || message.readUInt16BE(0) !== secondary.id) return;
      clearTimeout(secondary.timer);
      secondary.id = undefined;
    });
  }

  /** Sends NOTIFY to each secondary until it answers. An earlier one that is not answered is replaced. */
  notify() {
    for (const secondary of this.#secondaries) this.#try(secondary, 0);
  }

  close() {
    for (const { timer } of this.#secondaries) clearTimeout(timer);
    this.#socket.close();
  }

  #try(secondary, count) {
    clearTimeout(secondary.timer);
    if (count === TRIES) return;
    secondary.id = randomInt(0x10000);
    this.#socket.send(this.#message(secondary.id), secondary.port, secondary.address);
    secondary.timer = setTimeout(() => this.#try(secondary, count + 1), FIRST_WAIT * 2 ** count);
  }

  #message(id) {
    const labels = this.#zone.split('.').map((label) => `${String.fromCharCode(label.length)}${label}`);
    const question = Buffer.from(`${labels.join('')}\0`, 'latin1');
    const fixed = Buffer.alloc(16);
    fixed.writeUInt16BE(id, 0);
    fixed.writeUInt16BE(NOTIFY_AND_AA, 2);
    fixed.writeUInt16BE(1, 4);
    fixed.writeUInt16BE(SOA, 12);
    fixed.writeUInt16BE(IN, 14);
    return Buffer.concat([fixed.subarray(0, 12), question, fixed.subarray(12)]);
  }
}
