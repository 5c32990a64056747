/** Templates and rewrites at work on names of any octets, without sockets. */
import assert from 'node:assert/strict';
import { Chain } from '../../../dist/corefile/chain.js';
import type { DirectiveDefinition } from '../../../dist/corefile/directive.js';
import { rewrite } from '../../../dist/directives/rewrite/setup.js';
import { template } from '../../../dist/directives/template/setup.js';
import { load, registryOf } from '../../support/chain.js';
import { seeded } from '../../support/hostile.js';
import { receive, Reply, type Query } from '../../support/queries.js';
import { answers } from '../../support/zone-of-one.js';
import { hostileName, lower, queryFor, readMessage, type ReadRecord } from './hostile-names.js';

const A = 1;
const CNAME = 5;
const MX = 15;
const TXT = 16;
const AAAA = 28;
const SERVFAIL = 2;
const MAX_MESSAGE = 0xffff;
/** Queries that native code reads at once. */
const BATCH = 32;

/** Each makes one record. */
const TEMPLATES = String.raw`
template IN A {
  answer "{{ .Name }} 60 IN A 192.0.2.1"
}
template IN TXT {
  match ^(?P<a>.)(?P<b>[^.]*)
  answer "{{ .Name }} 60 IN TXT \"{{ .Name }}\" {{ .Group.a }}{{ .Group.b }} end"
}
template IN CNAME {
  match ^(?P<a>.*?)[.](?P<b>.*)$
  answer "{{ if .Group.a }}{{ .Group.a }}{{ else }}none{{ end }}.example. {{ printf \"%d IN\" 60 }} CNAME {{ .Group.b | printf \"%s\" }}example."
}
template IN MX {
  match (?P<t>[^.]*)
  answer "owner. {{ .Group.t }} MX 10 {{ index .Match 0 }}x."
}
`;

/** The answer has the owner that was asked for, whatever is asked instead. */
const REWRITES = String.raw`
rewrite continue name regex ^(.*)(.)[.]$ {2}x.{1}example.
rewrite name substring a b
answers`;

/** Whether the only record of a reply has its template's shape. */
const SHAPES: Readonly<Record<number, (record: ReadRecord, name: Buffer) => boolean>> = {
  [A]: ({ name, ttl, rdata }, asked) => name.equals(asked) && ttl === 60 && rdata.toString('hex') === 'c0000201',
  [TXT]: ({ name, ttl, rdata }, asked) => {
    const strings = stringsOf(rdata);
    return (
      name.equals(asked) &&
      ttl === 60 &&
      strings.length === 3 &&
      strings[0].equals(textOf(asked)) &&
      String(strings[2]) === 'end'
    );
  },
  [CNAME]: ({ name, ttl, rdata }) => endsWith(name, 'example') && ttl === 60 && endsWith(rdata, 'example'),
  [MX]: ({ name, rdata }) => name.toString('latin1') === '\u0005owner\0' && rdata.readUInt16BE(0) === 10,
  [AAAA]: ({ name }, asked) => name.equals(asked),
};
const TYPES = Object.keys(SHAPES).map(Number);

/**
 * Asks for so many names, each of a type in turn. Returns how many replies had the record and how many were SERVFAIL; fails
 * for any other reply.
 */
export async function fuzzTemplates(runs: number, seed: number): Promise<{ records: number; failures: number }> {
  const registry = registryOf(...([template, rewrite, answers] as DirectiveDefinition<never>[]));
  const runtime = { index: 0, logger: console, signal: new AbortController().signal };
  const [templates, rewrites] = await Promise.all(
    [TEMPLATES, REWRITES].map((lines) => Chain.start(load(registry, lines).blocks[0], runtime, registry)),
  );
  const random = seeded(seed);
  const target = Buffer.alloc(MAX_MESSAGE);
  const counts = { records: 0, failures: 0 };
  let names: Buffer[] = [];
  let queries: Query[] = [];
  for (let run = 0; run < runs; run++) {
    const place = run % BATCH;
    if (place === 0) {
      names = Array.from({ length: BATCH }, () => hostileName(random));
      ({ queries } = receive(names.map((name, i) => queryFor(name, TYPES[(run + i) % TYPES.length]))));
    }
    const [name, query] = [names[place], queries[place]];
    const type = TYPES[run % TYPES.length];
    const reply = new Reply(query);
    const length = answer(() => (type === AAAA ? rewrites : templates).handle(query, reply), reply, target);
    const { rcode, records } = readMessage(target.subarray(0, length));
    const shown = `run ${run} of seed ${seed}: type ${type} of ${name.toString('hex')}`;
    if (rcode === SERVFAIL && records.length === 0) {
      counts.failures++;
    } else {
      assert.deepEqual([rcode, records.length, records[0].class], [0, 1, 1], shown);
      if (type !== AAAA) assert.equal(records[0].type, type, shown);
      assert.ok(SHAPES[type](records[0], lower(name)), shown);
      counts.records++;
    }
  }
  await Promise.all([templates.close(), rewrites.close()]);
  return counts;
}

/** Has a reply made and written, as a transport does. */
function answer(handle: () => void | Promise<void>, reply: Reply, target: Buffer): number {
  try {
    assert.equal(handle(), undefined, 'the chain answers at once');
    return reply.encode(target, 0, MAX_MESSAGE, MAX_MESSAGE);
  } catch (error) {
    if (error instanceof assert.AssertionError) throw error;
    reply.fail('SERVFAIL');
    return reply.encode(target, 0, MAX_MESSAGE, MAX_MESSAGE);
  }
}

function stringsOf(rdata: Buffer): Buffer[] {
  const strings: Buffer[] = [];
  for (let at = 0; at < rdata.length; at += 1 + rdata[at]) strings.push(rdata.subarray(at + 1, at + 1 + rdata[at]));
  return strings;
}

/** What the text of a name stands for, its escapes resolved: its octets with dots between and behind the labels. */
function textOf(name: Buffer): Buffer {
  if (name.length === 1) return Buffer.from('.');
  const text: number[] = [];
  for (let at = 0; name[at] > 0; at += 1 + name[at]) text.push(...name.subarray(at + 1, at + 1 + name[at]), 0x2e);
  return Buffer.from(text);
}

function endsWith(name: Buffer, label: string): boolean {
  return name.toString('latin1').endsWith(`${label}\0`);
}
