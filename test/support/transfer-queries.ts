/** Queries for zone transfers, octet by octet. */
import packet from 'dns-packet';
import { header, hex, nameHex, question } from '../conformance/wire.js';
import { TcpClient, udpExchange } from './clients.js';
import { ORIGIN } from './primary.js';

export const IXFR = 251;
export const AXFR = 252;

/** A query for a transfer, with records in the authority section, in hexadecimal. */
export function transferQuery(type: number, name = ORIGIN, authorities: readonly string[] = []): Buffer {
  const head = header(0x1234, 0, 1, 0, authorities.length, 0);
  return Buffer.from(head + question(name, type, 1) + authorities.join(''), 'hex');
}

/** An SOA record with a serial number, in hexadecimal. */
export function soa(serial: number, name = ORIGIN): string {
  const data = `${nameHex('ns.example.org')}${nameHex('admin.example.org')}${hex(serial, 4)}${hex(0, 16)}`;
  return `${nameHex(name)}${hex(6)}${hex(1)}${hex(0, 4)}${hex(data.length / 2)}${data}`;
}

/** IXFR for a version of the zone. */
export function ixfr(serial: number): Buffer {
  return transferQuery(IXFR, ORIGIN, [soa(serial)]);
}

/** The response code; -1 without a reply. */
export const rcodeOf = (reply: Buffer | undefined): number => (reply === undefined ? -1 : reply[3] & 15);

/** The types of the answer section, each after a space. */
export const typesOf = (reply: Buffer | undefined): string =>
  reply === undefined ? '' : (packet.decode(reply).answers ?? []).map(({ type }) => type).join(' ');

/** The first message of the reply. */
export async function byTcp(port: number, message: Buffer): Promise<Buffer | undefined> {
  const client = await TcpClient.connect(port);
  try {
    return await client.exchange(message);
  } finally {
    client.close();
  }
}

export const byUdp = async (port: number, message: Buffer): Promise<Buffer | undefined> =>
  (await udpExchange(message, port))?.reply;
