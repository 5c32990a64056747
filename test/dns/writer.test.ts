import assert from 'node:assert/strict';
import { MessageWriter } from '../../dist/dns/writer.js';

/** Where a message starts in its buffer: pointers must not count from elsewhere. */
const START = 100;

/** A writer whose message has a header and a question for `question` in wire form `wire`. */
function begin(question = '.', wire = '00') {
  const target = Buffer.alloc(0x20000);
  const writer = new MessageWriter();
  writer.begin(target, START, target.length, question);
  writer.at = START + 12;
  writer.bytes(Buffer.from(wire, 'hex'));
  const first = writer.at;
  return { target, writer, first, written: () => target.toString('hex', first, writer.at) };
}

/** What a name alone is written as. */
function write(name: string): string {
  const { writer, written } = begin();
  writer.name(name, true);
  return written();
}

function error(name: unknown): string {
  let message = '';
  assert.throws(
    () => write(name as string),
    (thrown: Error) => {
      message = thrown.message;
      return true;
    },
  );
  return message;
}

const hex = (text: string): string => Buffer.from(text, 'latin1').toString('hex');
const EXAMPLE = `07${hex('example')}03${hex('org')}00`;

describe('numbers and bytes', () => {
  it('are written in network byte order', () => {
    const { writer, written } = begin();
    writer.u8(0x12);
    writer.u16(0x3456);
    writer.u32(0xfedcba98);
    assert.equal(written(), '123456fedcba98');
  });

  it('are copied, short and long, whole and in part', () => {
    const { writer, written } = begin();
    const long = Buffer.alloc(200, 0xab);
    writer.bytes(Buffer.from([1, 2, 3, 4]), 1, 3);
    writer.bytes(long);
    assert.equal(written(), `0203${long.toString('hex')}`);
  });

  it('have their length before them when it is asked for', () => {
    const { writer, written } = begin();
    writer.sized(() => {
      writer.bytes(Buffer.alloc(300, 7));
    });
    assert.equal(written(), `012c${'07'.repeat(300)}`);
  });

  it('fit up to the last octet, and one more is an overflow', () => {
    const target = Buffer.alloc(16);
    const writer = new MessageWriter();
    writer.begin(target, 0, 16, '.');
    writer.bytes(Buffer.alloc(14, 1));
    writer.u16(1);
    assert.equal(writer.overflowed, false);
    writer.u8(1);
    assert.equal(writer.overflowed, true);
    writer.at = 10;
    assert.equal(writer.overflowed, false);
  });

  it('do not copy into what is behind the end, until that is extended', () => {
    const target = Buffer.alloc(16);
    const writer = new MessageWriter();
    writer.begin(target, 0, 8, '.');
    writer.bytes(Buffer.alloc(9, 1));
    assert.equal(writer.overflowed, true);
    assert.deepEqual(target, Buffer.alloc(16));
    writer.at = 0;
    writer.extend(9);
    writer.bytes(Buffer.alloc(9, 1));
    assert.equal(writer.overflowed, false);
    assert.equal(target[8], 1);
  });
});

describe('names', () => {
  it('are labels behind their lengths, with or without the last dot', () => {
    assert.equal(write('example.org'), EXAMPLE);
    assert.equal(write('example.org.'), EXAMPLE);
  });

  it('keep their case', () => {
    assert.equal(write('eXample.ORG'), `07${hex('eXample')}03${hex('ORG')}00`);
  });

  it('are one octet for the root', () => {
    assert.equal(write('.'), '00');
    assert.equal(write(''), '00');
  });

  it('have escaped dots, backslashes and octets in labels (RFC 1035 s.5.1)', () => {
    assert.equal(write('a\\.b.c'), `03${hex('a.b')}01${hex('c')}00`);
    assert.equal(write('a\\\\.c'), `02${hex('a\\')}01${hex('c')}00`);
    assert.equal(write('\\000\\255\\032.c'), '0300ff200163' + '00');
    assert.equal(write('\\a\\@.c'), `02${hex('a@')}01${hex('c')}00`);
  });

  it('end with a dot that is escaped, or with one that is not', () => {
    assert.equal(write('a\\.'), `02${hex('a.')}00`);
    assert.equal(write('a\\..'), `02${hex('a.')}00`);
    assert.equal(write('a\\\\.'), `02${hex('a\\')}00`);
    assert.equal(write('a\\\\\\.'), `03${hex('a\\.')}00`);
  });

  it('have labels of 63 octets and no more, however they are written', () => {
    assert.equal(write('x'.repeat(63)), `3f${hex('x'.repeat(63))}00`);
    assert.equal(write('\\120'.repeat(63)), `3f${hex('x'.repeat(63))}00`);
    assert.match(error('x'.repeat(64)), /has a label of more than 63 octets$/);
    assert.match(error('\\120'.repeat(64)), /has a label of more than 63 octets$/);
  });

  it('have 255 octets and no more, however they are written', () => {
    const label = (length: number): string => 'x'.repeat(length);
    const longest = [label(63), label(63), label(63), label(61)].join('.');
    assert.equal(write(longest).length / 2, 255);
    assert.equal(write(`${longest}.`).length / 2, 255);
    assert.equal(write(longest.replaceAll('x', '\\120')).length / 2, 255);
    const longer = [label(63), label(63), label(63), label(62)].join('.');
    assert.match(error(longer), /has more than 255 octets$/);
    assert.match(error(longer.replaceAll('x', '\\120')), /has more than 255 octets$/);
    assert.match(error('a.'.repeat(100_000)), /^the name "(a\.){40}…" has more than 255 octets$/);
  });

  for (const [name, what] of [
    ['..', /has an empty label/],
    ['.a', /has an empty label/],
    ['a..b', /has an empty label/],
    ['a..', /has an empty label/],
    ['a\\256.b', /has an invalid escape: /],
    ['a\\999.b', /has an invalid escape: /],
    ['a\\', /has an invalid escape: /],
    ['a\\é', /has an invalid escape: /],
    ['é.example', /must be written as \\DDD or in punycode/],
    ['a\tb', /must be written as \\DDD/],
    ['a\u007fb', /must be written as \\DDD/],
    ['\u212a.example', /must be written as \\DDD/],
  ] as const) {
    it(`are refused: ${JSON.stringify(name)}`, () => {
      assert.match(error(name), what);
    });
  }

  it('are refused when they are no strings', () => {
    assert.match(error(undefined), /^a name must be a string, not undefined$/);
    assert.match(error(7), /^a name must be a string, not 7$/);
  });
});

describe('compression of names', () => {
  const asked = (): ReturnType<typeof begin> => begin('www.example.org', `03${hex('WWW')}${EXAMPLE}`);

  it('points to the question, whatever the case', () => {
    const { writer, written } = asked();
    writer.name('www.example.org', true);
    writer.name('Www.Example.ORG.', true);
    assert.equal(written(), 'c00cc00c');
  });

  it('points to an end of the question, from the start of one of its labels', () => {
    const { writer, written } = asked();
    writer.name('example.org', true);
    writer.name('mail.EXAMPLE.org', true);
    writer.name('ORG', true);
    writer.name('ample.org', true);
    assert.equal(written(), `c010` + `04${hex('mail')}c010` + 'c018' + `05${hex('ample')}c018`);
  });

  it('points to names that were written before, and to their ends', () => {
    const { writer, written } = asked();
    writer.name('a.b.net', true); // at 12 + 17
    writer.name('A.B.net', true);
    writer.name('c.b.NET', true);
    writer.name('net', true);
    assert.equal(written(), `01${hex('a')}01${hex('b')}03${hex('net')}00` + 'c01d' + `01${hex('c')}c01f` + 'c021');
  });

  it('knows an escaped question as a whole only, and takes no dot in a label for the end of one', () => {
    const { writer, written } = begin('a\\.b.c', `03${hex('a.b')}01${hex('c')}00`);
    writer.name('A\\.B.c', true);
    writer.name('b.c', true);
    assert.equal(written(), 'c00c' + `01${hex('b')}01${hex('c')}00`);
  });

  it('has nothing to point to when the question is the root', () => {
    const { writer, written } = begin('.', '00');
    writer.name('.', true);
    writer.name('org', true);
    assert.equal(written(), `00` + `03${hex('org')}00`);
  });

  it('is left out where it is not wanted, and names written so are not pointed to', () => {
    const { writer, written } = asked();
    writer.name('www.example.org', false);
    writer.name('z.net', false);
    writer.name('z.net', true);
    assert.equal(written(), `03${hex('www')}${EXAMPLE}` + `01${hex('z')}03${hex('net')}00`.repeat(2));
  });

  it('points as far as 14 bits reach (RFC 1035 s.4.1.4)', () => {
    for (const [offset, pointer] of [
      [0x3fff, 'ffff'],
      [0x4000, `01${hex('z')}00`],
    ] as const) {
      const { writer, target } = begin();
      writer.at = START + offset;
      writer.name('z', true);
      const second = writer.at;
      writer.name('z', true);
      assert.equal(target.toString('hex', second, writer.at), pointer);
    }
  });

  it('does not make a name of more than 255 octets possible', () => {
    const { writer } = begin();
    const end = ['x'.repeat(63), 'x'.repeat(63), 'x'.repeat(63)].join('.'); // 192 octets, and the root
    writer.name(end, true);
    writer.name(`${'y'.repeat(61)}.${end}`, true);
    assert.throws(() => {
      writer.name(`${'y'.repeat(62)}.${end}`, true);
    }, /has more than 255 octets/);
  });

  it('forgets the names of the message before', () => {
    const { writer, target } = begin();
    writer.name('a.net', true);
    writer.begin(target, START, target.length, 'b.net');
    writer.at = START + 12;
    writer.name('a.net', false);
    const second = writer.at;
    writer.name('a.net', true);
    assert.equal(target.toString('hex', second, writer.at), `01${hex('a')}c00e`);
  });
});
