/**
 * Controls a page in headless Chromium (Debian's `chromium`) by the DevTools protocol over pipes. A message is JSON and
 * a zero byte.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { foreign } from './addon-build.js';

interface Message {
  id?: number;
  method?: string;
  params?: unknown;
  result?: Record<string, unknown>;
  error?: { message: string };
}

/** A page in headless Chromium. */
export class ChromiumPage {
  /** What the page has said on its console, thrown, or failed to load. */
  readonly complaints: string[] = [];
  readonly #child: ChildProcess;
  readonly #profile: string;
  readonly #waiting = new Map<
    number,
    { resolve: (result: Record<string, unknown>) => void; reject: (error: Error) => void }
  >();
  #events: ((method: string) => void)[] = [];
  #session: string | undefined;
  #id = 0;
  #input = '';

  /** Starts a browser with an empty page. */
  static async open(): Promise<ChromiumPage> {
    const page = new ChromiumPage();
    const { targetId } = await page.#send('Target.createTarget', { url: 'about:blank' });
    const { sessionId } = await page.#send('Target.attachToTarget', { targetId, flatten: true });
    page.#session = sessionId as string;
    for (const domain of ['Page', 'Runtime', 'Log', 'Network']) await page.#send(`${domain}.enable`);
    return page;
  }

  private constructor() {
    this.#profile = mkdtempSync(join(tmpdir(), 'multisocket-'));
    const args = [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--remote-debugging-pipe',
      `--user-data-dir=${this.#profile}`,
    ];
    this.#child = spawn('chromium', args, { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'], env: foreign });
    this.#child.on('error', (error) => {
      for (const { reject } of this.#waiting.values()) reject(error);
    });
    (this.#child.stdio[4] as Readable).setEncoding('utf8').on('data', (text: string) => {
      const messages = (this.#input + text).split('\0');
      this.#input = messages.pop() ?? '';
      for (const message of messages) this.#hear(JSON.parse(message) as Message);
    });
  }

  /** Shows a page in a window of that width, and waits until it has been loaded. */
  async show(url: string, width: number, colorScheme: 'light' | 'dark'): Promise<void> {
    await this.#send('Emulation.setDeviceMetricsOverride', {
      width,
      height: 900,
      deviceScaleFactor: 1,
      mobile: width < 600,
    });
    await this.#send('Emulation.setEmulatedMedia', {
      features: [{ name: 'prefers-color-scheme', value: colorScheme }],
    });
    const loaded = new Promise<void>((resolve) => {
      this.#events.push((method) => {
        if (method === 'Page.loadEventFired') resolve();
      });
    });
    await this.#send('Page.navigate', { url });
    await loaded;
    this.#events = [];
  }

  /** The value of an expression in the page. */
  async evaluate(expression: string): Promise<unknown> {
    const { result } = await this.#send('Runtime.evaluate', { expression, returnByValue: true });
    return (result as { value?: unknown }).value;
  }

  /** The whole page as PNG. */
  async screenshot(): Promise<Buffer> {
    const { data } = await this.#send('Page.captureScreenshot', { captureBeyondViewport: true });
    return Buffer.from(data as string, 'base64');
  }

  async close(): Promise<void> {
    const ended = once(this.#child, 'close');
    this.#child.kill();
    await ended;
    rmSync(this.#profile, { recursive: true, maxRetries: 5 });
  }

  #send(method: string, params: object = {}): Promise<Record<string, unknown>> {
    const id = ++this.#id;
    const session = this.#session === undefined ? {} : { sessionId: this.#session };
    (this.#child.stdio[3] as Writable).write(`${JSON.stringify({ id, method, params, ...session })}\0`);
    return new Promise((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
  }

  #hear({ id, method = '', params, result, error }: Message): void {
    if (id !== undefined) {
      const waiting = this.#waiting.get(id);
      this.#waiting.delete(id);
      if (error === undefined) waiting?.resolve(result ?? {});
      else waiting?.reject(new Error(error.message));
      return;
    }
    const bad = ['Runtime.consoleAPICalled', 'Runtime.exceptionThrown', 'Log.entryAdded', 'Network.loadingFailed'];
    if (bad.includes(method)) this.complaints.push(`${method} ${JSON.stringify(params)}`);
    for (const told of this.#events) told(method);
  }
}
