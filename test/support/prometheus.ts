/** Prometheus as a child process that scrapes one address of 127.0.0.1. */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { endChild } from './end-child.js';
import { freePort } from './free-port.js';

/** What it says of what it scrapes. */
export interface Target {
  health: 'unknown' | 'up' | 'down';
  lastError: string;
}

/** A series and its last value. */
export interface Series {
  labels: Record<string, string>;
  value: number;
}

/** A running Prometheus. */
export class Prometheus {
  readonly #port: number;
  readonly #folder: string;
  readonly #child: ChildProcess;

  private constructor(port: number, folder: string, child: ChildProcess) {
    this.#port = port;
    this.#folder = folder;
    this.#child = child;
  }

  /** Starts it; it scrapes `port` every second. Rejects with what it logged when it does not answer. */
  static async start(port: number): Promise<Prometheus> {
    const folder = mkdtempSync(join(tmpdir(), 'prometheus-'));
    const configuration = join(folder, 'prometheus.yml');
    writeFileSync(
      configuration,
      `scrape_configs:\n- job_name: dns\n  scrape_interval: 1s\n  static_configs:\n  - targets: ['127.0.0.1:${port}']\n`,
    );
    const own = await freePort();
    const options = {
      'config.file': configuration,
      'storage.tsdb.path': folder,
      'web.listen-address': `127.0.0.1:${own}`,
    };
    const args = Object.entries(options).map(([name, value]) => `--${name}=${value}`);
    const child = spawn('prometheus', args, { stdio: ['ignore', 'pipe', 'pipe'], cwd: folder });
    let log = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (text: Buffer) => (log += text.toString()));
    const prometheus = new Prometheus(own, folder, child);
    for (let attempt = 0; attempt < 200 && child.exitCode === null; attempt++) {
      if (await prometheus.#isReady()) return prometheus;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    await prometheus.stop();
    throw new Error(`prometheus does not serve: ${log}`);
  }

  /** The one that it has, once it has been scraped. */
  async target(): Promise<Target> {
    for (let attempt = 0; attempt < 100; attempt++) {
      const { activeTargets } = (await this.#get('targets')) as { activeTargets: Target[] };
      if (activeTargets.some(({ health }) => health !== 'unknown')) return activeTargets[0];
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    throw new Error('prometheus has scraped nothing for 10 s');
  }

  /** What an expression is now. */
  async query(expression: string): Promise<Series[]> {
    const { result } = (await this.#get(`query?query=${encodeURIComponent(expression)}`)) as {
      result: { metric: Record<string, string>; value: [time: number, value: string] }[];
    };
    return result.map(({ metric, value: [, value] }) => ({ labels: metric, value: Number(value) }));
  }

  async stop(): Promise<void> {
    await endChild(this.#child);
    rmSync(this.#folder, { recursive: true });
  }

  async #isReady(): Promise<boolean> {
    try {
      return (await fetch(`http://127.0.0.1:${this.#port}/-/ready`)).ok;
    } catch {
      return false; // it does not listen yet
    }
  }

  async #get(what: string): Promise<unknown> {
    const response = await fetch(`http://127.0.0.1:${this.#port}/api/v1/${what}`);
    const { status, data } = (await response.json()) as { status: string; data: unknown };
    if (status !== 'success') throw new Error(`prometheus answers ${status} to ${what}`);
    return data;
  }
}
