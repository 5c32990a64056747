import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { printRdata, writeRdata } from '../../dist/dns/records/index.js';
import { typeNumber } from '../../dist/dns/registry.js';
import { parseRecord, splitRecord } from '../../dist/dns/text/record.js';
import { parseZoneFile } from '../../dist/dns/zone-file/zone-file.js';
import { MessageWriter } from '../../dist/dns/writer.js';
import { findProgram } from '../support/find-program.js';
import { badTexts, goodTexts } from './record-texts.js';

/** The RDATA of a record's text as hexadecimal digits; throws when it is refused. */
function ours(type: string, text: string, origin = 'example.org'): string {
  const { data } = parseRecord(splitRecord(`x 60 IN ${type} ${text}`), origin);
  return wire(type, data);
}

function wire(type: string, data: unknown): string {
  const target = Buffer.alloc(0x10002);
  const writer = new MessageWriter();
  writer.compresses = false;
  writer.begin(target, 0, target.length, '.');
  writeRdata(writer, typeNumber(type)!, type, data);
  return target.toString('hex', 2, writer.at);
}

/** What another program makes of a text: the RDATA, or undefined where it refuses. */
type Peer = (type: string, text: string) => Promise<string | undefined>;

/** `named-rrchecker` prints RDATA as octets. It reads names relative to the root, and one line. */
function bind(program: string): Peer {
  return async (type, text) => {
    const line = text.replaceAll(/;.*\n/g, ' ');
    const printed = await pipe(program, ['-u'], `IN ${type} ${line}\n`);
    const [, length, digits] = /\\# (\d+)\s*([\dA-F ]*)/.exec(printed) ?? [];
    return (length as string | undefined) === undefined ? undefined : digits.replaceAll(' ', '').toLowerCase();
  };
}

/** A program that prints the zone that it has read. */
function printer(program: string, args: (file: string) => string[], folder: string): Peer {
  let files = 0;
  return async (type, text) => {
    const file = join(folder, `zone${++files}`);
    const head = '$ORIGIN example.org.\n$TTL 60\n';
    const apex = `@ SOA a b 1 2 3 4 5\n@ NS ns.example.net.\n`;
    writeFileSync(
      file,
      `${head}${type === 'SOA' ? '' : apex}${type === 'SOA' ? '@' : 'x'} ${type} ${text}\n`,
      'latin1',
    );
    const printed = await run(program, args(file));
    const owner = type === 'SOA' ? 'example.org' : 'x.example.org';
    let found: string | undefined;
    parseZoneFile(printed, program, '.', {
      onRecord(record) {
        if (record.name === owner && record.type === type) found ??= wire(type, record.data);
      },
    });
    return found;
  };
}

function run(program: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve) => {
    execFile(program, args, { encoding: 'latin1' }, (error, stdout) => {
      resolve(error === null ? stdout : '');
    });
  });
}

function pipe(program: string, args: readonly string[], input: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'ignore'] });
    let output = '';
    child.stdout.setEncoding('latin1').on('data', (chunk: string) => (output += chunk));
    child.on('error', reject).on('close', () => {
      resolve(output);
    });
    child.stdin.end(input, 'latin1');
  });
}

const each = (texts: Readonly<Record<string, readonly string[]>>): [type: string, text: string][] =>
  Object.entries(texts).flatMap(([type, all]) => all.map((text): [string, string] => [type, text]));

describe('record types, as other programs read them', function () {
  this.timeout(300_000);
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'multisocket-'));
  });
  after(() => {
    rmSync(folder, { recursive: true });
  });

  it('are read, written, and printed as what reads the same', () => {
    for (const [type, text] of each(goodTexts)) {
      const rdata = ours(type, text);
      const printed = printRdata(typeNumber(type)!, `TYPE${typeNumber(type)!}`, Buffer.from(rdata, 'hex'));
      if (!text.startsWith('\\#')) assert.doesNotMatch(printed, /^\\#/, `${type} ${text}`);
      assert.equal(ours(type, printed), rdata, `${type} ${text}: ${printed}`);
    }
  });

  it('are refused where they are malformed', () => {
    for (const [type, text] of each(badTexts)) {
      assert.throws(() => ours(type, text), `${type} ${text}`);
    }
  });

  const peers: readonly {
    name: string;
    program: string;
    make: (program: string) => Peer;
    /** Reads of {@link goodTexts} at least so many; newer types are unknown to it. */
    least: number;
    /** Texts that it reads otherwise. */
    otherwise?: readonly string[];
    /** Malformed texts that it reads; undefined: it checks less than BIND does. */
    lax?: readonly string[];
  }[] = [
    {
      name: 'BIND',
      program: 'named-rrchecker',
      make: bind,
      least: 180,
      lax: ['LOC 0 N 0 E 0 90000000.01m', 'EUI48 00-00-5e-00-53-2g'],
    },
    {
      name: 'NSD',
      program: 'nsd-checkzone',
      make: (program) => printer(program, (file) => ['-p', 'example.org', file], folder),
      least: 120,
      otherwise: ['CNAME Upper.Case.'], // its names have one spelling: that of the first record
    },
    {
      name: 'ldns',
      program: 'ldns-read-zone',
      make: (program) => printer(program, (file) => [file], folder),
      least: 120,
      // A quote within a word stands for itself there, and NSAP-PTR is text: not so in RFC 1035 s.5.1 and RFC 1706 s.6.
      otherwise: ['TXT a"b"', 'TXT a"b c"d', 'NSAP-PTR host'],
    },
  ];
  for (const { name, program, make, least, otherwise = [], lax } of peers) {
    it(`are the same octets in ${name}`, async function () {
      const path = findProgram(program);
      if (path === undefined) this.skip();
      const peer = make(path);
      const origin = name === 'BIND' ? '.' : 'example.org';
      const differences: string[] = [];
      let same = 0;
      for (const [type, text] of each(goodTexts)) {
        const theirs = await peer(type, text);
        const rdata = ours(type, text, origin);
        if (theirs === rdata) {
          same++;
          const printed = printRdata(typeNumber(type)!, `TYPE${typeNumber(type)!}`, Buffer.from(rdata, 'hex'));
          if ((await peer(type, printed)) !== rdata) differences.push(`${type} ${text}: not read as ${printed}`);
        } else if (theirs !== undefined && !otherwise.includes(`${type} ${text}`))
          differences.push(`${type} ${text}: ${theirs} there`);
      }
      assert.equal(differences.join('\n'), '');
      assert.ok(same >= least, `${same} texts are read by both`);
      if (lax === undefined) return;
      for (const [type, text] of each(badTexts)) {
        if ((await peer(type, text)) !== undefined && !lax.includes(`${type} ${text}`))
          differences.push(`${type} ${text}`);
      }
      assert.equal(differences.join('\n'), '', 'malformed, and read there');
    });
  }
});
