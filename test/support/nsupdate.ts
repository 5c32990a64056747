/** The programs nsupdate and dig: updates and transfers. */
import { execFile } from 'node:child_process';
import { parseZone, type Zone } from '../../dist/zone.js';

/** Runs a program to its end; resolves with all that it printed. */
export function run(
  program: string,
  args: readonly string[],
  input = '',
): Promise<{ output: string; failed: boolean }> {
  return new Promise((resolve) => {
    const child = execFile(
      program,
      args,
      { encoding: 'latin1', maxBuffer: 1 << 28, timeout: 60_000 },
      (error, out, err) => {
        resolve({ output: out + err, failed: error !== null });
      },
    );
    // A program that has ended reads no more. What it printed says why, and the caller gets that.
    child.stdin?.on('error', () => undefined).end(input);
  });
}

/** Sends updates of the zone by nsupdate, by TCP. `commands` are those of its language, `send` included. */
export async function nsupdate(
  port: number,
  origin: string,
  commands: string,
  args: readonly string[] = [],
): Promise<string> {
  const head = `server 127.0.0.1 ${port}\nzone ${origin}.\n`;
  return (await run('nsupdate', ['-v', ...args], `${head}${commands}\n`)).output;
}

/** Transfers a zone by dig. Throws if the transfer fails. */
export async function transferred(port: number, origin: string, args: readonly string[] = []): Promise<Zone> {
  const options = ['+noall', '+answer', '+onesoa', '+nocookie', '@127.0.0.1', '-p', String(port), ...args];
  const { output } = await run('dig', [...options, `${origin}.`, 'AXFR']);
  return parseZone(output, { origin, file: 'dig' });
}
