/** The command line of the server itself: CoreDNS's, with `-check` and `-control`. */
import { existsSync, readFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { MAX_PORT } from '../dns/numbers.js';
import { readOptions, UsageError } from './arguments.js';

/** The usage text of the program. */
export const USAGE = `usage: multisocket [OPTION...]
       multisocket tune | recommend | top ...

  -conf FILE       the Corefile; default "Corefile"; "stdin": standard input
  -dns.port N, -p N
                   the port of server blocks that name none; default 53
  -check           read all that a server would read, and say all that is wrong with it
  -control PATH    the socket that "multisocket top" asks
  -pidfile FILE    write the process ID to a file
  -plugins         list the directives
  -quiet           say nothing at the start and at the end
  -version         show the version
  -help            show this help`;

const DEFAULT_FILE = 'Corefile';
/** The port without a Corefile, which every user may open. */
const DEFAULT_PORT = 5300;

/** The values of the command line. */
export interface Arguments {
  corefile: string | { path: string };
  dnsPort: number | undefined;
  /** The path of the control socket. */
  control: string | undefined;
  pidfile: string | undefined;
  quiet: boolean;
  mode: 'run' | 'check' | 'plugins' | 'version';
}

const MODES = ['version', 'plugins', 'check'] as const;

/** Reads the command line. Throws a {@link UsageError} that names the error. */
export function readArguments(args: readonly string[]): Arguments {
  const options = {
    conf: { type: 'string' },
    'dns.port': { type: 'string' },
    p: { type: 'string' },
    control: { type: 'string' },
    pidfile: { type: 'string' },
    quiet: { type: 'boolean', default: false },
    check: { type: 'boolean' },
    plugins: { type: 'boolean' },
    version: { type: 'boolean' },
  } as const;
  const { conf, control, pidfile, quiet, ...values } = readOptions(args, options, USAGE);
  const port = values['dns.port'] ?? values.p;
  if (port !== undefined && (!/^\d+$/.test(port) || Number(port) > MAX_PORT)) {
    throw new UsageError(`-dns.port must be a port from 0 to ${MAX_PORT}, not ${port}`, USAGE);
  }
  const dnsPort = port === undefined ? undefined : Number(port);
  const mode = MODES.find((name) => values[name] === true) ?? 'run';
  return { ...corefileOf(conf, dnsPort, mode === 'run' || mode === 'check'), control, pidfile, quiet, mode };
}

function corefileOf(
  conf: string | undefined,
  dnsPort: number | undefined,
  isRead: boolean,
): Pick<Arguments, 'corefile' | 'dnsPort'> {
  if (conf === 'stdin' && isRead) return { corefile: readFileSync(process.stdin.fd, 'utf8'), dnsPort };
  if (conf !== undefined) return { corefile: { path: conf }, dnsPort };
  if (existsSync(DEFAULT_FILE)) return { corefile: { path: DEFAULT_FILE }, dnsPort };
  return { corefile: defaultCorefile(), dnsPort: dnsPort ?? DEFAULT_PORT };
}

/** The Corefile if there is none: tells each client its own address, on this host only. */
function defaultCorefile(): string {
  const has6 = Object.values(networkInterfaces()).some((all) => all?.some(({ address }) => address === '::1'));
  return `. {\n bind 127.0.0.1${has6 ? ' ::1' : ''}\n multisocket\n whoami\n log\n}\n`;
}
