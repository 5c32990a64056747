/** Serial numbers of SOA records (RFC 1982). */

/** Octets from the end of SOA's RDATA to its serial number: that, and four times. */
const FROM_END = 20;

/** The serial number in SOA's RDATA. */
export function serialIn(rdata: Buffer): number {
  return rdata.readUInt32BE(rdata.length - FROM_END);
}

/** The RDATA with the next serial number. It skips 0, which some secondaries take for no serial. */
export function withNextSerial(rdata: Buffer): Buffer {
  const next = Buffer.from(rdata);
  next.writeUInt32BE((serialIn(rdata) + 1) >>> 0 || 1, rdata.length - FROM_END);
  return next;
}

/** Whether a serial number is later than another one (RFC 1982 s.3.2). */
export function isLater(serial: number, other: number): boolean {
  const distance = (serial - other) >>> 0;
  return distance > 0 && distance < 0x80000000;
}
