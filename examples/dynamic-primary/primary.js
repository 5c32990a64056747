// A primary server: queries, updates (RFC 2136), and transfers, whole (RFC 5936) or of the changes alone (RFC 1995).
import { packRecords } from 'multisocket';

/** How many updates the journal has. A secondary that has missed more gets the whole zone. */
const JOURNAL = 100;

export class Primary {
  #zone;
  #key;
  #changed;
  /** The last differences, the oldest first: each begins with the serial number with which the one before ends. */
  #journal = [];

  /** `key`: the name of the key that allows updates and transfers. `changed` is called with each new serial number. */
  constructor(zone, key, changed) {
    this.#zone = zone;
    this.#key = key;
    this.#changed = changed;
  }

  handle(query, reply) {
    const isTransfer = query.type === 'AXFR' || query.type === 'IXFR';
    if (query.opcode === 'UPDATE') this.#update(query, reply);
    else if (isTransfer && query.key === this.#zone.origin) this.#transfer(query, reply);
    else if (!this.#zone.answer(query, reply)) reply.rcode = 'REFUSED';
  }

  #update(query, reply) {
    if (query.key !== this.#zone.origin) reply.rcode = 'NOTAUTH';
    else if (query.tsig?.key !== this.#key) reply.rcode = 'REFUSED';
    else reply.rcode = this.#apply(query.update);
  }

  #apply({ prerequisites, changes }) {
    try {
      const rcode = this.#zone.check(prerequisites);
      if (rcode !== 'NOERROR') return rcode;
      const difference = this.#zone.update(changes);
      if (difference.newSerial === difference.oldSerial) return rcode;
      this.#journal.push(difference);
      if (this.#journal.length > JOURNAL) this.#journal.shift();
      this.#changed(difference.newSerial);
      return rcode;
    } catch (error) {
      if (error.code !== 'ERR_MULTISOCKET_UPDATE') throw error;
      return error.rcode;
    }
  }

  #transfer(query, reply) {
    const { soa, serial } = this.#zone;
    if (query.tsig?.key !== this.#key) {
      reply.rcode = 'REFUSED';
      return;
    }
    reply.authoritative = true;
    const theirs = query.type === 'IXFR' ? query.message.authorities?.[0]?.data.serial : undefined;
    if (query.transport === 'udp') {
      // IXFR: the SOA alone, so that the client comes by TCP (RFC 1995 s.2). AXFR is not for UDP (RFC 5936 s.4.2).
      if (query.type === 'IXFR') reply.answer(soa);
      else reply.rcode = 'REFUSED';
      return;
    }
    const first = this.#journal.findIndex(({ oldSerial }) => oldSerial === theirs);
    if (theirs === serial) {
      reply.answer(soa);
    } else if (first >= 0) {
      console.log(`IXFR from ${theirs} to ${serial}`);
      const steps = this.#journal.slice(first).flatMap(({ removed, added }) => [...removed, ...added]);
      reply.stream(packRecords(query, [soa, ...steps, soa]));
    } else {
      console.log(`AXFR of ${serial}`);
      reply.stream(packRecords(query, this.#zone.transfer()));
    }
  }
}
