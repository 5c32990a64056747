/** OPT records for tests, octet by octet. */

/** An EDNS option for {@link withOpt}: its code and its data. */
export type Option = readonly [code: number, data?: Uint8Array];

const u16 = (value: number): number[] => [value >> 8, value & 0xff];

/** The octets of an OPT record. */
export function optRecord(
  options: readonly Option[] = [],
  { size = 1232, version = 0, flags = 0, owner = Buffer.of(0) } = {},
): Buffer {
  const rdata = options.flatMap(([code, data = Buffer.alloc(0)]) => [...u16(code), ...u16(data.length), ...data]);
  return Buffer.from([...owner, ...u16(41), ...u16(size), 0, version, ...u16(flags), ...u16(rdata.length), ...rdata]);
}

/** What a query of {@link query} says. */
export interface Asked {
  name?: string;
  type?: number;
  class?: number;
  flags?: number;
  records?: readonly Uint8Array[];
  counts?: readonly number[];
  id?: number;
}

/**
 * A query for `name`, which has letters and dots only, with octets behind the question. By default the ID is 0x1234 and
 * RD is set.
 */
export function query({
  name = 'example.org',
  type = 1,
  class: queryClass = 1,
  flags = 0x0100,
  records = [],
  counts = [1, 0, 0, records.length],
  id = 0x1234,
}: Asked = {}): Buffer {
  const labels = name === '.' ? [] : name.split('.');
  const question = [...labels.flatMap((label) => [label.length, ...Buffer.from(label)]), 0];
  const head = [id, flags, ...counts].flatMap(u16);
  return Buffer.concat([Buffer.from([...head, ...question, ...u16(type), ...u16(queryClass)]), ...records]);
}

/** A query with an OPT of these options. */
export function withOpt(options: readonly Option[], how: Asked = {}): Buffer {
  return query({ ...how, records: [optRecord(options)] });
}

/** What a reply's OPT says. */
export interface ReplyOpt {
  size: number;
  extendedRcode: number;
  version: number;
  flags: number;
  /** By code. */
  options: Map<number, Buffer>;
}

/** Reads the OPT of a reply; undefined if there is none. It must be the last record, and its options must fill it. */
export function readOpt(reply: Buffer): ReplyOpt | undefined {
  let at = 12;
  const skipName = (): void => {
    while (reply[at] !== 0 && reply[at] < 0xc0) at += reply[at] + 1;
    at += reply[at] === 0 ? 1 : 2;
  };
  for (let left = reply.readUInt16BE(4); left > 0; left--) {
    skipName();
    at += 4;
  }
  const records = reply.readUInt16BE(6) + reply.readUInt16BE(8) + reply.readUInt16BE(10);
  let found: ReplyOpt | undefined;
  for (let i = 0; i < records; i++) {
    const owner = at;
    skipName();
    const end = at + 10 + reply.readUInt16BE(at + 8);
    if (reply.readUInt16BE(at) === 41) {
      if (i < records - 1 || reply[owner] !== 0) throw new Error('OPT is not the last record, or not at the root');
      const options = new Map<number, Buffer>();
      for (let option = at + 10; option < end; option += 4 + reply.readUInt16BE(option + 2)) {
        const data = reply.subarray(option + 4, option + 4 + reply.readUInt16BE(option + 2));
        if (option + 4 + data.length > end) throw new Error('an option does not fit into its OPT');
        if (options.has(reply.readUInt16BE(option))) throw new Error('an option is there twice');
        options.set(reply.readUInt16BE(option), data);
      }
      found = {
        size: reply.readUInt16BE(at + 2),
        extendedRcode: reply[at + 4],
        version: reply[at + 5],
        flags: reply.readUInt16BE(at + 6),
        options,
      };
    }
    at = end;
  }
  if (at !== reply.length) throw new Error(`the reply has ${reply.length} octets, and its records end at ${at}`);
  return found;
}
