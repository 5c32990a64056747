import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('./fixtures/ending.js', import.meta.url));

/** Runs the program to its end. */
async function outcome(...args: string[]): Promise<{ code: number | null; signal: string | null; output: string }> {
  const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  child.stdout.on('data', (text: Buffer) => (output += String(text)));
  child.stderr.resume();
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
  return { code, signal, output: output.trim() };
}

describe('a process with a server under load', () => {
  const ends: [name: string, args: string[], code: number][] = [
    ['whose workers are terminated', ['close', '2'], 0],
    ['that calls process.exit()', ['exit', '2'], 7],
    ['that calls process.exit(), workers: 0', ['exit', '0'], 7],
    ['that dies of an exception', ['throw', '2'], 1],
    ['that dies of an exception, workers: 0', ['throw', '0'], 1],
    ['that terminates a thread of its own with a server', ['thread-terminate'], 0],
    ['in whose own thread process.exit() is called', ['thread-exit'], 0],
    ['in whose own thread an exception is not caught', ['thread-crash'], 0],
  ];
  for (const [name, args, code] of ends) {
    it(`ends in order: one ${name}`, async () => {
      for (let i = 0; i < 2; i++) assert.deepEqual(await outcome(...args), { code, signal: null, output: 'served' });
    });
  }

  for (const workers of ['0', '2']) {
    it(`ends by itself when its server is unref'd, and not when it is ref'd again: workers ${workers}`, async () => {
      assert.deepEqual(await outcome('unref', workers), { code: 0, signal: null, output: 'served' });
      assert.deepEqual(await outcome('ref', workers), { code: 0, signal: null, output: 'served' });
    });
  }
});
