/**
 * Random messages of fast-check by the grammar of DNS (RFC 1035 s.4). Any count, length or pointer may be wrong, and
 * some octets are changed afterwards.
 */
import fc from 'fast-check';

const octets = (numbers: readonly number[]): Buffer => Buffer.from(numbers);
const u16 = (value: number): Buffer => octets([(value >> 8) & 255, value & 255]);
const bytes = (least: number, most: number): fc.Arbitrary<Buffer> =>
  fc.uint8Array({ minLength: least, maxLength: most }).map((array) => Buffer.from(array));
const any16 = fc.integer({ min: 0, max: 0xffff });

/** A number as it should be, or any other one now and then. */
function mostly(right: number): fc.Arbitrary<number> {
  return fc.oneof({ weight: 12, arbitrary: fc.constant(right) }, { weight: 1, arbitrary: any16 });
}

const label = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.constantFrom('example', 'org', 'www', '*', 'ANY', 'xn--a').map((text) => Buffer.from(text)),
  },
  { weight: 2, arbitrary: bytes(1, 20) },
  { weight: 1, arbitrary: fc.constant(Buffer.alloc(63, 0x61)) },
);
const plainName = fc
  .array(label, { maxLength: 6 })
  .map((labels) => Buffer.concat(labels.flatMap((each) => [octets([each.length]), each])));
/** Ends correctly, with a pointer to anywhere, or with an invalid octet. */
const name = fc
  .tuple(
    plainName,
    fc.oneof(
      { weight: 8, arbitrary: fc.constant(octets([0])) },
      { weight: 2, arbitrary: fc.integer({ min: 0, max: 64 }).map((target) => u16(0xc000 | target)) },
      { weight: 1, arbitrary: fc.constantFrom(octets([]), octets([0x41, 8]), octets([0x80]), octets([0xff, 0xff])) },
    ),
  )
  .map((parts) => Buffer.concat(parts));

const type = fc.oneof(fc.constantFrom(1, 2, 5, 6, 12, 15, 16, 28, 33, 41, 46, 250, 251, 252, 255), any16);
const recordClass = fc.oneof(fc.constantFrom(1, 3, 255), any16);
const question = fc.tuple(name, type, recordClass).map(([owner, ...rest]) => Buffer.concat([owner, ...rest.map(u16)]));

const option = fc
  .tuple(fc.oneof(fc.constantFrom(3, 8, 10, 11, 12, 15), any16), bytes(0, 40))
  .chain(([code, data]) => mostly(data.length).map((length) => Buffer.concat([u16(code), u16(length), data])));
const rdata = fc.oneof(
  bytes(0, 30),
  name,
  fc.array(option, { maxLength: 4 }).map((options) => Buffer.concat(options)),
);
const record = fc
  .tuple(name, type, recordClass, bytes(4, 4), rdata)
  .chain(([owner, number, of, ttl, data]) =>
    mostly(data.length).map((length) => Buffer.concat([owner, u16(number), u16(of), ttl, u16(length), data])),
  );
const opt = fc
  .tuple(
    fc.oneof(fc.constantFrom(0, 512, 1232, 4096), any16),
    fc.constantFrom(0, 0, 0, 1, 255),
    any16,
    fc.array(option, { maxLength: 3 }),
  )
  .chain(([size, version, flags, options]) => {
    const data = Buffer.concat(options);
    return mostly(data.length).map((length) =>
      Buffer.concat([octets([0]), u16(41), u16(size), octets([0, version]), u16(flags), u16(length), data]),
    );
  });

const flags = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(0, 0x0100, 0x0110, 0x0120) },
  { weight: 1, arbitrary: any16 },
);
const several = (arbitrary: fc.Arbitrary<Buffer>): fc.Arbitrary<Buffer[]> =>
  fc.oneof(
    { weight: 8, arbitrary: fc.constant<Buffer[]>([]) },
    { weight: 1, arbitrary: fc.array(arbitrary, { maxLength: 3 }) },
  );

const whole = fc
  .tuple(
    any16,
    flags,
    fc.oneof(
      { weight: 10, arbitrary: question.map((one) => [one]) },
      { weight: 1, arbitrary: fc.array(question, { maxLength: 3 }) },
    ),
    several(record),
    several(record),
    fc.oneof(
      opt.map((one) => [one]),
      several(record),
      fc.tuple(record, opt),
    ),
  )
  .chain(([id, bits, ...sections]) =>
    fc
      .tuple(...sections.map((section) => mostly(section.length)))
      .map((counts) => Buffer.concat([u16(id), u16(bits), ...counts.map(u16), ...sections.flat()])),
  );

/** What is done to a message afterwards. */
const change = fc.oneof(
  { weight: 6, arbitrary: fc.constant((message: Buffer) => message) },
  {
    weight: 2,
    arbitrary: fc
      .array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 4 })
      .map((places) => (message: Buffer) => {
        const changed = Buffer.from(message);
        for (const [place, octet] of places) changed[place % Math.max(1, changed.length)] = octet;
        return changed;
      }),
  },
  {
    weight: 1,
    arbitrary: fc.nat().map((place) => (message: Buffer) => message.subarray(0, place % (message.length + 1))),
  },
  { weight: 1, arbitrary: bytes(1, 20).map((more) => (message: Buffer) => Buffer.concat([message, more])) },
);

/** Random messages, well-formed and malformed. */
export const messages: fc.Arbitrary<Buffer> = fc.tuple(whole, change).map(([message, alter]) => alter(message));
