import { parseZone } from '../../dist/zone.js';
import { masterFile, ORIGIN } from '../zone.js';

const zone = parseZone(masterFile, { origin: ORIGIN });

/** @type {import('multisocket').Handler} */
export default function handle(query, reply) {
  if (!zone.answer(query, reply)) reply.rcode = 'REFUSED';
}
