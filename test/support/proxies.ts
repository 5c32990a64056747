/** nginx and HAProxy, with the configurations of the example. */
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Certificate } from './certificate.js';
import { endChild } from './end-child.js';
import { findProgram } from './find-program.js';
import { freePort } from './free-port.js';
import { temporaryDirectory } from './temporary-directory.js';

const example = fileURLToPath(new URL('../../examples/doh-behind-nginx/', import.meta.url));

/** A reverse proxy that runs. */
export interface ReverseProxy {
  /** Its port, for HTTPS. */
  port: number;
  end: () => Promise<void>;
}

/** The proxies that there are: their names, and how they start. */
export const PROXIES = {
  nginx: { file: 'nginx.conf', listens: '8443', args: ['-p', '.', '-c', 'nginx.conf'] },
  haproxy: { file: 'haproxy.cfg', listens: '8444', args: ['-db', '-f', 'haproxy.cfg'] },
} as const;

/** Whether a proxy is installed. */
export function hasProxy(name: keyof typeof PROXIES): boolean {
  return findProgram(name) !== undefined;
}

/**
 * Starts a proxy in front of the server at `127.0.0.1:port`. `change` changes the configuration. Rejects with the
 * proxy's output if it ends.
 */
export async function startProxy(
  name: keyof typeof PROXIES,
  { cert, key }: Certificate,
  upstream: number,
  change: (configuration: string) => string = (same) => same,
): Promise<ReverseProxy> {
  const { file, listens, args } = PROXIES[name];
  const directory = temporaryDirectory();
  const port = await freePort();
  const configuration = readFileSync(join(example, file), 'utf8');
  const placed = configuration.replaceAll('8053', String(upstream)).replaceAll(listens, String(port));
  mkdirSync(join(directory, 'temp'));
  const files = { [file]: change(placed), 'cert.pem': cert, 'key.pem': key, 'both.pem': cert + key };
  for (const [path, text] of Object.entries(files)) writeFileSync(join(directory, path), text);
  const child = spawn(findProgram(name) ?? name, args, { cwd: directory, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text: Buffer) => (output += String(text)));
  while (!(await accepts(port))) {
    if (child.exitCode !== null) throw new Error(`${name} has ended: ${output}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return { port, end: () => endChild(child) };
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    for (const event of ['connect', 'error']) {
      socket.once(event, () => {
        socket.destroy();
        resolve(event === 'connect');
      });
    }
  });
}
