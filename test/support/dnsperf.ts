/** dnsperf from Debian, with questions of our own. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './clients.js';
import { temporaryDirectory } from './temporary-directory.js';

const questions = join(temporaryDirectory(), 'questions');
writeFileSync(questions, Array.from({ length: 100 }, (_, i) => `host${i}.example.org A\n`).join(''));

/** Asks 127.0.0.1 for a hundred names again and again; returns what dnsperf reports. */
export function dnsperf(port: number, args: readonly string[]): Promise<string> {
  return run('dnsperf', ['-s', '127.0.0.1', '-p', String(port), '-d', questions, ...args]);
}
