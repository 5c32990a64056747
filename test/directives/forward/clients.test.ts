import assert from 'node:assert/strict';
import { dig } from '../../support/clients.js';
import type { DnsProgram } from '../../support/dns-program.js';
import { findNsd, startNsd } from '../../support/nsd.js';
import { at, serveForward } from './serve.js';

const program = findNsd();
const LONG = Array.from({ length: 200 }, (_, i) => `long A 192.0.2.${i}`).join('\n');
const ZONE = `$TTL 60\n@ SOA a b 1 1 1 1 1\n@ NS ns\nns A 192.0.2.53\nwww A 192.0.2.1\n${LONG}\n`;

/** What dig prints of an answer, without what differs each time and the order of records. */
async function answerOf(port: number, ...args: string[]): Promise<string[]> {
  const text = await dig('@127.0.0.1', '-p', String(port), '+noall', '+answer', '+authority', '+comments', ...args);
  return text
    .split('\n')
    .map((line) => line.replace(/id: \d+/, '').replace(/udp: \d+/, ''))
    .filter((line) => !/COOKIE|recursion requested/.test(line))
    .sort();
}

describe('forward to NSD', () => {
  let nsd: DnsProgram;
  before(async function () {
    if (program === undefined) this.skip();
    nsd = await startNsd(program, 'example.org', ZONE);
  });
  after(async () => {
    await (nsd as DnsProgram | undefined)?.stop();
  });

  for (const question of [
    ['www.example.org'],
    ['www.example.org', '+dnssec'],
    ['www.example.org', '+noedns'],
    ['www.example.org', '+tcp'],
    ['example.org', 'SOA'],
    ['no.example.org'],
    ['www.example.org', 'AAAA'],
    ['www.example.net'],
    ['long.example.org', '+tcp'],
  ]) {
    it(`dig ${question.join(' ')} sees what it sees without us`, async () => {
      await using server = await serveForward({ upstreams: [at(nsd.port)] });
      // The client's cookie and EDNS aside, all of it.
      const args = [...question, '+nocookie', '+norecurse'];
      assert.deepEqual(await answerOf(server.port, ...args), await answerOf(nsd.port, ...args));
    });
  }
});
