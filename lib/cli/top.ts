/** `multisocket top`: a live view of a running server. */
import { setTimeout as sleep } from 'node:timers/promises';
import { readNumber, readOptions } from './arguments.js';
import { ControlClient, connectToOnly, runtimeDirectory } from './control-client.js';
import { activityBetween, topView, type Activity } from './top-view.js';

/** The usage text of the command. */
export const TOP_USAGE = 'usage: multisocket top [-control PATH] [-interval SECONDS] [-once] [-json]';

const HOME_AND_CLEAR = '\x1b[H\x1b[J';
const ALTERNATE_SCREEN = '\x1b[?1049h\x1b[?25l';
const NORMAL_SCREEN = '\x1b[?25h\x1b[?1049l';
/** For a terminal of unknown width. */
const WIDTH = 120;
const HEIGHT = 40;

const HELP = [
  'q: quit   h: this help, or back',
  '',
  'BUSY: share of its time that the worker is busy     HITS: answered from the cache',
  'US/Q: microseconds of its time a query              HELD: queries that handlers hold',
  'WAIT: milliseconds that they hold one, on average   SHED/S: not given to a handler',
  'FAIL/S: not answered by a handler                   TCP: open connections',
  'SKEW: queries of the busiest socket over the mean   QUEUED: what waits in the kernel',
];

/**
 * Shows the activity of a server repeatedly, until a signal or the server's end; `-once`: one time. `-json`: a line of
 * JSON each time, without end unless `-once`.
 *
 * Rejects with a `UsageError`, or with an error of the control socket.
 */
export async function top(args: readonly string[]): Promise<void> {
  const options = {
    control: { type: 'string' },
    interval: { type: 'string', default: '1' },
    once: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  } as const;
  const { control, interval, once, json } = readOptions(args, options, TOP_USAGE);
  const pause = readNumber('interval', interval, 0.1, 3600, TOP_USAGE) * 1000;
  const client = control === undefined ? await connectToOnly(runtimeDirectory()) : await ControlClient.connect(control);
  const live = process.stdout.isTTY && !once && !json;
  let help = false;
  let redraw = (): void => undefined;
  if (live) {
    showLive();
    readKeys({
      q: quit,
      h: () => {
        help = !help;
        redraw();
      },
    });
  }
  try {
    let before = await client.stats();
    do {
      await sleep(pause);
      const now = await client.stats();
      const activity = activityBetween(before, now);
      redraw = () => {
        if (help) process.stdout.write(HOME_AND_CLEAR + HELP.join('\r\n'));
        else show(activity, live, json);
      };
      redraw();
      before = now;
    } while (!once);
  } finally {
    if (live) process.stdout.write(NORMAL_SCREEN);
    client.close();
  }
}

/** Calls the action of a key as soon as it is pressed. Ctrl-C still interrupts. */
function readKeys(actions: Readonly<Record<string, () => void>>): void {
  const { stdin } = process;
  if (!stdin.isTTY) return;
  stdin.setRawMode(true);
  stdin.on('data', (chunk: Buffer) => {
    for (const key of chunk.toString()) {
      if (key === '\x03') quit();
      else if (Object.hasOwn(actions, key)) actions[key]();
    }
  });
  stdin.unref();
}

function quit(): void {
  process.stdout.write(NORMAL_SCREEN, () => process.exit(0));
}

/** Prepares the terminal, and restores it however the program ends. */
function showLive(): void {
  process.stdout.write(ALTERNATE_SCREEN);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, quit);
  }
}

function show(activity: Activity, live: boolean, json: boolean): void {
  const { columns: width = WIDTH, rows: height = HEIGHT } = process.stdout as { columns?: number; rows?: number };
  if (json) process.stdout.write(`${JSON.stringify(activity)}\n`);
  else if (live) process.stdout.write(HOME_AND_CLEAR + topView(activity, { width, height: height - 1 }).join('\r\n'));
  else process.stdout.write(`${topView(activity, { width: Infinity, height: Infinity }).join('\n')}\n`);
}
