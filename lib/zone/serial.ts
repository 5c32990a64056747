/** Serial numbers of SOA records (RFC 1982). */

/** Octets from the end of SOA's RDATA to its serial number: that, and four times. */
const FROM_END = 20;

/** The serial number in SOA's RDATA. */
export function serialIn(rdata: Buffer): number {
  return rdata.readUInt32BE(rdata.length - FROM_END);
}

/** The RDATA with the next serial number. It skips 0, which some secondaries take for no serial. */
export function withNextSerial(rdata: Buffer): Buffer {
  return withSerial(rdata, (serialIn(rdata) + 1) >>> 0 || 1);
}

/** The RDATA with another serial number. */
export function withSerial(rdata: Buffer, serial: number): Buffer {
  const changed = Buffer.from(rdata);
  changed.writeUInt32BE(serial, rdata.length - FROM_END);
  return changed;
}

/** Whether a serial number is later than another one (RFC 1982 s.3.2). */
export function isLater(serial: number, other: number): boolean {
  const distance = (serial - other) >>> 0;
  return distance > 0 && distance < 0x80000000;
}
