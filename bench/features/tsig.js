import { encodeTsig, TsigSecret } from '../../dist/dns/tsig.js';
import { questions as plain } from '../zone.js';

const key = { name: 'bench.key', algorithm: 'hmac-sha256', secret: Buffer.alloc(32, 1) };
const secret = new TsigSecret(key);

export const label = 'TSIG (RFC 8945), the client signs';
export const load = 'udp-bursts';
export const options = () => ({ off: {}, on: { tsig: { keys: [key] } } });

/** A query with a signature that is valid for the longest fudge. */
function signed(query) {
  const timeSigned = Math.floor(Date.now() / 1000);
  const fields = { timeSigned, fudge: 0xffff, originalId: query.readUInt16BE(0), error: 0, other: Buffer.alloc(0) };
  const mac = secret.mac(query, 0, { previousMac: undefined, record: fields, timersOnly: false });
  const record = encodeTsig(secret.keyName, secret.algorithmName, { ...fields, mac });
  const message = Buffer.concat([query, record]);
  message.writeUInt16BE(1, 10); // ARCOUNT
  return message;
}
export const questions = { off: plain, on: plain.map(signed) };
