/**
 * Builds the C++ tests of the answer cache and of the view of messages and runs them: plain, under AddressSanitizer and
 * UndefinedBehaviorSanitizer, and, where threads are at work, under ThreadSanitizer; the fuzz targets for a bounded number
 * of runs, where there is a clang++ (libFuzzer is part of it).
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import packet from 'dns-packet';
import { framed, opt, queryBytes } from '../support/clients.js';
import { withOpt } from '../support/edns.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const sources = [
  'answer_cache',
  'answer_cache_shard',
  'cache_key',
  'cached_answer',
  'client_options',
  'message_view',
  'server_cookies',
  'upstream_answer',
];
const flags = ['-std=c++17', '-O1', '-g', '-fno-exceptions', '-fno-rtti', '-pthread'];

const hasClang = spawnSync('clang++', ['--version']).status === 0;
const compiler = hasClang ? 'clang++' : 'g++';

function run(file: string, ...args: string[]): string {
  const { status, signal, stdout, stderr, error } = spawnSync(file, args, { encoding: 'utf8', cwd: root });
  if (error !== undefined) throw error;
  assert.equal(status, 0, `${file} ended with ${status ?? signal ?? 'nothing'}:\n${stdout}${stderr}`);
  return stdout + stderr;
}

describe('native code, by its own tests', () => {
  let directory: string;

  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'multisocket-native-'));
  });

  after(() => {
    rmSync(directory, { recursive: true, force: true });
  });

  function build(name: string, sanitizers: string): string {
    const program = join(directory, `${name}-${sanitizers.replaceAll(',', '-')}`);
    const sanitize = sanitizers === 'none' ? [] : [`-fsanitize=${sanitizers}`, '-fno-sanitize-recover=all'];
    const files = [`test/native/${name}.cc`, ...sources.map((source) => `native/${source}.cc`)];
    run(compiler, ...flags, ...sanitize, '-Inative', ...files, '-o', program);
    return program;
  }

  /** `atLeast`: so many checks stand in the test's code; fewer made would mean that it ended early. */
  function runsChecks(name: string, sanitizers: string, atLeast: number): void {
    const counted = /^(\d+) checks, 0 failures$/m.exec(run(build(name, sanitizers)));
    assert.ok(counted !== null && Number(counted[1]) >= atLeast, `${name} made ${counted?.[1] ?? 'no'} checks`);
  }

  for (const sanitizers of ['none', 'address,undefined']) {
    it(`passes the tests of the answer cache (sanitizers: ${sanitizers})`, () => {
      runsChecks('answer_cache_test', sanitizers, 100_000);
    }).timeout(120_000);

    it(`passes the tests of the view of a message (sanitizers: ${sanitizers})`, () => {
      runsChecks('message_view_test', sanitizers, 12);
    }).timeout(120_000);
  }

  for (const sanitizers of ['none', 'thread']) {
    it(`gives threads that share a cache whole replies to what they asked (sanitizers: ${sanitizers})`, () => {
      runsChecks('answer_cache_threads_test', sanitizers, 400);
    }).timeout(120_000);
  }

  const www: packet.Answer = { type: 'A', name: 'www.example.org', ttl: 300, data: '192.0.2.1' };
  const queries = [
    queryBytes('wWw.example.org'),
    queryBytes('www.example.org', 'A', { additionals: [opt(4096, { flag_do: true })] }),
    queryBytes('www.example.org', 'A', {
      additionals: [opt(1232, { options: [{ code: 8, ip: '192.0.2.0', sourcePrefixLength: 24 }] })],
    }),
    queryBytes('.', 'SOA', { additionals: [www] }),
    withOpt([[12, Buffer.alloc(8)], [11], [3]], { name: 'www.example.org' }),
  ];

  /** Runs a fuzz target from `seeds` on; the same runs each time. */
  function fuzzes(name: string, seeds: Buffer[], runs: number): void {
    const corpus = join(directory, `${name}-corpus`);
    mkdirSync(corpus);
    for (const [i, seed] of seeds.entries()) writeFileSync(join(corpus, `${i}`), seed);
    const program = build(name, 'fuzzer,address,undefined');
    const output = run(program, `-runs=${runs}`, '-seed=1', '-max_len=2048', `-artifact_prefix=${directory}/`, corpus);
    assert.match(output, new RegExp(`^Done ${runs} runs`, 'm'));
  }

  it('stands any octets as a message', function () {
    if (!hasClang) this.skip();
    fuzzes('fuzz_message_view', queries, 200_000);
  }).timeout(120_000);

  it('stands any octets as the answer of an upstream', function () {
    if (!hasClang) this.skip();
    const questions: packet.Question[] = [{ type: 'A', name: 'a' }];
    const seeds: packet.Packet[] = [
      { answers: [www], additionals: [opt()] },
      { authorities: [www], additionals: [www, opt(512, { options: [{ code: 8, ip: '192.0.2.0' }] })] },
      { answers: [opt()] },
    ];
    fuzzes(
      'fuzz_upstream_answer',
      seeds.map((sections) => packet.encode({ type: 'response', questions, ...sections })),
      200_000,
    );
  }).timeout(120_000);

  it('keeps its promises with any queries and replies in the answer cache', function () {
    if (!hasClang) this.skip();
    // What stands behind the reply's question: three counts, the octet with the RCODE, and the records.
    const records = packet.encode({ type: 'response', answers: [www] }).subarray(12);
    const rest = Buffer.concat([Buffer.from([0, 1, 0, 0, 0, 0, 0]), records]);
    const seeds = queries.flatMap((stored) =>
      queries.map((asked) =>
        Buffer.concat([
          Buffer.from([0, 0x10]),
          framed(stored),
          framed(rest), // store
          Buffer.from([1, 0x20]),
          framed(asked), // look up, two seconds later
          Buffer.from([17, 0xf1]),
          framed(stored), // 15 seconds later, by a stream, stale ones as well
          Buffer.from([15, 0]),
          framed(asked), // clear the names below
        ]),
      ),
    );
    fuzzes('fuzz_answer_cache', seeds, 20_000);
  }).timeout(120_000);
});
