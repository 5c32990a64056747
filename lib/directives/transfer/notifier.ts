import { randomInt } from 'node:crypto';
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import { withLastDot } from '../../dns/names.js';
import type { ResourceRecord } from '../../dns/record.js';
import type { Logger } from '../../message/handler.js';
import { notifyMessage, readNotifyAnswer } from './notify-message.js';
import { canonical, type Target } from './targets.js';

/** Milliseconds until a NOTIFY without an answer is sent again; it doubles each time (RFC 1996 s.3.6). */
const FIRST_WAIT = 1000;
const TRIES = 5;
/** The most NOTIFYs that wait for an answer; more wait for their turn. */
const MAX_PENDING = 200;

/** A zone that has changed. */
export interface ChangedZone {
  origin: string;
  /** Its SOA record. */
  soa: ResourceRecord;
}

interface Notice extends ChangedZone {
  target: Target;
  /** The address from which it is sent; undefined: the system chooses. */
  from: string | undefined;
  id: number;
  tries: number;
  timer: NodeJS.Timeout | undefined;
}

/**
 * Sends NOTIFY (RFC 1996) by UDP until each secondary has answered, five times at most. A NOTIFY replaces an earlier one of
 * its zone to its secondary.
 */
export class Notifier {
  readonly #logger: Logger;
  /** By address of our side. */
  readonly #sockets = new Map<string, Socket>();
  /** Those that were sent, by zone and secondary. */
  readonly #pending = new Map<string, Notice>();
  /** Those that were not. */
  readonly #waiting = new Map<string, Notice>();

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** Tells secondaries that a zone has changed. `from`: our address, numeric; undefined: the system chooses. */
  notify(zone: ChangedZone, targets: readonly Target[], from: string | undefined): void {
    for (const target of targets) {
      const key = `${zone.origin} ${nameOf(target)}`;
      this.#end(key);
      this.#waiting.set(key, { ...zone, target, from, id: 0, tries: 0, timer: undefined });
    }
    this.#next();
  }

  /** Sends nothing more. */
  close(): void {
    this.#waiting.clear();
    for (const key of [...this.#pending.keys()]) this.#end(key);
    for (const socket of this.#sockets.values()) socket.close();
    this.#sockets.clear();
  }

  #next(): void {
    for (const [key, notice] of this.#waiting) {
      if (this.#pending.size >= MAX_PENDING) return;
      this.#waiting.delete(key);
      this.#pending.set(key, notice);
      this.#send(key, notice);
    }
  }

  #end(key: string): void {
    clearTimeout(this.#pending.get(key)?.timer);
    this.#pending.delete(key);
  }

  #send(key: string, notice: Notice): void {
    if (notice.tries === TRIES) {
      this.#finish(key, notice, 'no answer');
      return;
    }
    const { origin, soa, target, from } = notice;
    notice.id = randomInt(0x10000);
    notice.timer = setTimeout(
      () => {
        this.#send(key, notice);
      },
      FIRST_WAIT * 2 ** notice.tries++,
    ).unref();
    // A failure is as good as no answer: the network may be back at the next try.
    this.#socket(target, from).send(
      notifyMessage(notice.id, origin, soa),
      target.port,
      target.address,
      () => undefined,
    );
  }

  #finish(key: string, { origin, target }: Notice, fault: string | undefined): void {
    this.#end(key);
    const zone = JSON.stringify(withLastDot(origin));
    if (fault === undefined)
      this.#logger.debug(`plugin/transfer: notify for zone ${zone} was accepted by ${nameOf(target)}`);
    else this.#logger.warn(`plugin/transfer: notify for zone ${zone} was not accepted by ${nameOf(target)}: ${fault}`);
    this.#next();
  }

  #hear(message: Buffer, { address, port }: RemoteInfo): void {
    const answer = readNotifyAnswer(message);
    if (answer === undefined) return;
    const from = nameOf({ address: canonical(address), port });
    for (const [key, notice] of this.#pending) {
      if (notice.id !== answer.id || nameOf(notice.target) !== from) continue;
      this.#finish(key, notice, answer.rcode === 'NOERROR' ? undefined : `rcode was ${answer.rcode}`);
      return;
    }
  }

  #socket({ address }: Target, from: string | undefined): Socket {
    const type = isIPv6(address) ? 'udp6' : 'udp4';
    const key = from ?? type;
    let socket = this.#sockets.get(key);
    if (socket === undefined) {
      socket = createSocket(type);
      socket.on('message', (message, remote) => {
        this.#hear(message, remote);
      });
      socket.on('error', (error) => {
        this.#logger.error(
          `plugin/transfer: notify cannot be sent${from === undefined ? '' : ` from ${from}`}: ${error.message}`,
        );
        socket?.close();
        this.#sockets.delete(key);
      });
      socket.bind({ address: from, port: 0 });
      socket.unref();
      this.#sockets.set(key, socket);
    }
    return socket;
  }
}

function nameOf({ address, port }: Target): string {
  return isIPv6(address) ? `[${address}]:${port}` : `${address}:${port}`;
}
