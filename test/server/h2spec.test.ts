/** HTTP/2 as h2spec sees it. Install: go install github.com/summerwind/h2spec/cmd/h2spec@latest */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { readFileSync } from 'node:fs';
import { makeCertificate } from '../support/certificate.js';
import { queryBytes } from '../support/clients.js';
import { findProgram } from '../support/find-program.js';
import { serve } from '../support/server.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

/** Rules of RFC 7540 s.5.3.1 that RFC 9113 does not have any more. docs/conformance.md explains them. */
const OBSOLETE = ['Sends HEADERS frame that depend on itself', 'Sends PRIORITY frame that depend on itself'];

/** Runs h2spec against 127.0.0.1. Resolves to the number of its cases and the titles of those that failed. */
async function h2spec(program: string, port: number, path: string): Promise<{ cases: number; failed: string[] }> {
  const report = join(temporaryDirectory(), 'h2spec.xml');
  const args = ['--tls', '--insecure', '--strict', '--port', String(port), '--path', path, '--junit-report', report];
  await new Promise<void>((resolve, reject) => {
    // It ends with 1 when a case failed: the report says which.
    execFile(program, args, { timeout: 120_000 }, (error, out) => {
      if (error === null || error.code === 1) resolve();
      else reject(new Error(`h2spec failed: ${error.message}\n${out}`));
    });
  });
  const cases = [...readFileSync(report, 'utf8').matchAll(/<testcase ([^>]*)>(.*?)<\/testcase>/gs)];
  const failed = cases.filter(([, , body]) => /<(failure|error)/.test(body));
  return {
    cases: cases.length,
    failed: failed.map(([, attributes]) => /classname="([^"]*)"/.exec(attributes)?.[1] ?? ''),
  };
}

describe('h2spec', () => {
  const program = findProgram('h2spec', join(process.env.GOPATH ?? join(homedir(), 'go'), 'bin'));
  before(function () {
    if (program !== undefined) return;
    console.log('      h2spec is not installed: go install github.com/summerwind/h2spec/cmd/h2spec@latest');
    this.skip();
  });

  for (const [what, path] of [
    ['a question', `/dns-query?dns=${queryBytes('www.example.org', 'A', { id: 0 }).toString('base64url')}`],
    ['a refusal', '/'],
  ]) {
    it(`passes all of it that RFC 9113 has, by ${what}`, async () => {
      const tls = await makeCertificate();
      const listen = { transport: 'https' as const, address: '127.0.0.1', port: 0 };
      const { server, port } = await serve({ listen, sockets: 1, workers: 1, tls });
      const { cases, failed } = await h2spec(program ?? '', port, path);
      await server.close();
      assert.ok(cases > 140, `${cases} cases`);
      assert.deepEqual(failed, OBSOLETE);
    });
  }
});
