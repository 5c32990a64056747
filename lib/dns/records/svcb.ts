/** SVCB and HTTPS: where a service is, and how to reach it (RFC 9460). */
import { WireReader } from '../reader.js';
import { TextReader } from '../text/reader.js';
import { splitRecord } from '../text/tokens.js';
import type { MessageWriter } from '../writer.js';
import { encoded, type RecordCodec } from './codec.js';
import { printName, u16 } from './fields.js';
import {
  parseParameters,
  printParameters,
  readParameters,
  writeParameters,
  type ServiceParameters,
} from './service-parameters.js';

/**
 * The data of SVCB and HTTPS: `{ priority: 1, target: '.', params: { alpn: ['h2', 'h3'], port: 8443 } }`. Text in
 * presentation form, `'1 . alpn=h2,h3 port=8443'` (RFC 9460 s.2.1), is allowed in its place; its names are absolute.
 */
export interface ServiceBinding {
  /** SvcPriority, 0 to 65,535; 0: an alias (AliasMode). */
  priority: number;
  /** TargetName; `'.'`: the owner's own name. */
  target: string;
  params?: ServiceParameters;
}

function write(writer: MessageWriter, { priority, target, params = {} }: ServiceBinding): void {
  u16.write(writer, priority, 'priority');
  writer.name(target, false); // RFC 9460 s.2.2
  writeParameters(writer, params);
}

function parse(text: TextReader): ServiceBinding {
  const priority = u16.parse(text, 'priority');
  const target = text.name('the target');
  const words: string[] = [];
  while (!text.atEnd) words.push(text.gluedWord('a parameter'));
  const binding = words.length === 0 ? { priority, target } : { priority, target, params: parseParameters(words) };
  encoded((writer) => {
    write(writer, binding); // throws for parameters that contradict each other
  });
  return binding;
}

function read(reader: WireReader): ServiceBinding {
  const binding = { priority: reader.u16(), target: reader.name() };
  return reader.left === 0 ? binding : { ...binding, params: readParameters(reader) };
}

/**
 * The data that are read are the RDATA as a Buffer if they are malformed, or if a {@link ServiceBinding} would be
 * written as other octets. So all data that are read can be written again.
 */
export const svcb: RecordCodec = {
  read(reader) {
    const rdata = reader.rest();
    try {
      const binding = read(new WireReader(rdata));
      const again = encoded((writer) => {
        write(writer, binding);
      });
      return again.equals(rdata) ? binding : rdata;
    } catch {
      return rdata; // malformed, or it cannot be written
    }
  },
  write(writer, data) {
    if (typeof data !== 'string') {
      write(writer, data as ServiceBinding);
      return;
    }
    // One character for each octet of its UTF-8.
    write(writer, parse(new TextReader(splitRecord(Buffer.from(data).toString('latin1')), '.')));
  },
  parse,
  print(data) {
    if (data instanceof Uint8Array) throw new Error('the data are malformed');
    const { priority, target, params = {} } = data as ServiceBinding;
    return `${priority} ${printName(target)}${printParameters(params)}`;
  },
};
