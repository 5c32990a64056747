/** Reads zone files that were made by chance and then changed by chance. */
import assert from 'node:assert/strict';
import { printName } from '../../../dist/dns/records/fields.js';
import { printRdata } from '../../../dist/dns/records/index.js';
import { typeNumber } from '../../../dist/dns/registry.js';
import { parseZoneFile } from '../../../dist/dns/zone-file/zone-file.js';
import { parseZone, type Zone } from 'multisocket/zone';
import { generateZone, ORIGIN, Random } from '../../directives/file/zone-generator.js';
import { badTexts, goodTexts } from '../../oracle/record-texts.js';
import { randomZone } from '../../support/random-zone.js';

const HEAD = '$TTL 60\n@ SOA ns h 1 2 3 4 5\n@ NS ns\n';
/** Words that have a meaning, and numbers at limits. */
const WORDS = [
  ...[
    '(',
    ')',
    '((((((((',
    '"',
    ';',
    '\\',
    '\\\\',
    '\\000',
    '\\256',
    '\\9',
    '@',
    '.',
    '..',
    '*',
    '\n',
    '\r\n',
    '\t',
    ' ',
    '\0',
    '\xff',
  ],
  ...['$TTL ', '$ORIGIN ', '$ORIGIN .', '$INCLUDE zone', '$GENERATE 0-9 g$ A 192.0.2.$', '$GENERATE 1-5/0 x A 1.2.3.4'],
  ...['$GENERATE 1-2 ${0,200,d} A 1.2.3.4', '$GENERATE 0-2147483648 a$ A 1.2.3.4', '${1,2', '$', '$$', '${-9,1,x}'],
  ...['0', '-1', '65535', '65536', '4294967295', '4294967296', '99999999999999999999', '1e9', '0x10', '1w1w', '68y'],
  ...['IN', 'CH', 'ANY', 'TYPE0', 'TYPE65535', 'TYPE65536', 'CLASS1', '\\# 0', '\\# 4 0A000001', '\\# 65535 00', '\\#'],
  ...[
    'a'.repeat(63),
    'a'.repeat(64),
    'a.'.repeat(126),
    'a.'.repeat(128),
    'x'.repeat(70_000),
    '__proto__',
    'constructor',
  ],
  ...Object.keys(goodTexts),
];

/** What a run has found. */
export interface FuzzResult {
  accepted: number;
  refused: number;
  records: number;
  /** The longest time of a text, in milliseconds. */
  longest: number;
}

/** Reads `runs` texts that follow from `seed`. Throws for one that is read otherwise than documented. */
export function fuzzZoneTexts(runs: number, seed: number): FuzzResult {
  const random = new Random(seed);
  const lines = Object.entries({ ...goodTexts }).flatMap(([type, texts]) => texts.map((text) => `x ${type} ${text}\n`));
  const bad = Object.entries(badTexts).flatMap(([type, texts]) => texts.map((text) => `x ${type} ${text}\n`));
  const result: FuzzResult = { accepted: 0, refused: 0, records: 0, longest: 0 };
  let corpus: string[] = [];
  for (let run = 0; run < runs; run++) {
    // New texts now and then: to make one takes longer than to read it.
    if (run % 2000 === 0) {
      corpus = Array.from({ length: 8 }, (_, i) => generateZone(random).text.slice(0, 200 * (i + 1)));
      corpus.push(...Array.from({ length: 8 }, (_, i) => randomZone(`${seed} ${run} ${i}`, 4)));
    }
    const base = random.chance(80)
      ? `${HEAD}${random.pick(lines)}${random.pick(random.chance(20) ? bad : lines)}`
      : random.pick(corpus);
    let text = base;
    for (let i = random.below(4); i > 0; i--) text = changed(text, random.pick(corpus), random);
    const started = performance.now();
    try {
      readOne(text, result);
    } catch (error) {
      throw new Error(`run ${run} of seed ${seed}: ${JSON.stringify(text)}`, { cause: error });
    }
    result.longest = Math.max(result.longest, performance.now() - started);
  }
  return result;
}

/** A text with one change. */
function changed(text: string, other: string, random: Random): string {
  const at = random.below(text.length + 1);
  const end = Math.min(text.length, at + random.below(12));
  const without = text.slice(0, at) + text.slice(end);
  switch (random.below(6)) {
    case 0:
      return without;
    case 1:
      return text.slice(0, at) + String.fromCharCode(random.below(256)) + text.slice(at + 1);
    case 2:
      return text.slice(0, at) + random.pick(WORDS) + text.slice(end);
    case 3:
      return `${text.slice(0, end)}${text.slice(at)}`; // twice
    case 4:
      return text.slice(0, at) + other.slice(random.below(other.length));
    default:
      return text.slice(0, text.indexOf('\n', at) + 1) + random.pick(WORDS) + text.slice(end);
  }
}

function readOne(text: string, result: FuzzResult): void {
  const octets = Buffer.from(text, 'latin1');
  const lines = text.split('\n').length;
  let zone: Zone;
  try {
    zone = parseZone(octets, { origin: ORIGIN });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    assert.equal(code, 'ERR_MULTISOCKET_ZONE', String((error as Error).stack));
    const line = Number(/^zone:(\d+): ./.exec(message)?.[1]);
    assert.ok(line >= 1 && line <= lines, message);
    if (result.refused % 4 === 0) readAll(text, lines);
    result.refused++;
    return;
  }
  result.accepted++;
  result.records += zone.size;
  if (zone.size > 200) return;
  const again = parseZone(Buffer.from(printed(zone), 'latin1'), { origin: ORIGIN });
  assert.equal(printed(again), printed(zone), 'what was read is printed as what reads the same');
}

/** Reads on behind errors, as `-check` does. */
function readAll(text: string, lines: number): void {
  parseZoneFile(text, 'zone', ORIGIN, {
    onRecord: () => undefined,
    onFault({ code, message }) {
      assert.equal(code, 'ERR_MULTISOCKET_ZONE');
      const line = Number(/^zone:(\d+): ./.exec(message)?.[1]);
      assert.ok(line >= 1 && line <= lines, message);
    },
    include() {
      throw new Error('no file');
    },
  });
}

/** The records of a zone as text. */
function printed(zone: Zone): string {
  const lines = [...zone.records()].map(
    ({ name, ttl, type, data }) =>
      `${printName(name)} ${ttl} IN ${type} ${printRdata(typeNumber(type) ?? 0, type, data)}\n`,
  );
  return lines.join('');
}
