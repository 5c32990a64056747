/** SVCB and HTTPS in zone files. */
import { writeServiceBinding } from '../svcb.js';
import { parseParameters } from '../svcb-text.js';
import { MessageWriter } from '../writer.js';
import type { Fields } from './fields.js';

const MAX_RDATA = 0xffff;
/** Of use until the next one. */
const rdata = Buffer.alloc(MAX_RDATA);

/** The RDATA of SVCB and HTTPS. Throws `Error` with what is wrong. */
export function svcb(fields: Fields): Buffer {
  const priority = fields.integer(16);
  const target = fields.name();
  const words: string[] = [];
  while (!fields.atEnd) words.push(fields.word('a parameter'));
  const writer = new MessageWriter();
  writer.begin(rdata, 0, MAX_RDATA, '.');
  writeServiceBinding(writer, { priority, target, params: parseParameters(words) });
  if (writer.overflowed) throw new Error(`the parameters have more than ${MAX_RDATA} octets`);
  return Buffer.from(rdata.subarray(0, writer.at));
}
