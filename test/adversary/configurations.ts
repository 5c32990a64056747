/** The servers that are attacked: each example, each Corefile of deploy/, and some that have what those lack. */
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Certificate } from '../support/certificate.js';
import { freePort } from '../support/free-port.js';
import { temporaryDirectory } from '../support/temporary-directory.js';
import { ATTACKED_KEY } from './attacks/transactions.js';
import type { ScriptedUpstream } from '../support/upstream.js';
import type { Canaries } from './canaries.js';
import { answers, controlOf } from './control.js';
import { corefilesBelow, onLoopback, type NamedCorefile } from './corefiles.js';
import { EXAMPLE_KEY, EXAMPLES, LEFT_OUT } from './examples.js';
import type { Listener, Plan, Trait } from './target.js';

/** What all configurations share. */
export interface Site {
  /** The folder of the package under attack. */
  root: string;
  upstream: ScriptedUpstream;
  certificate: Certificate;
  canaries: Canaries;
}

/** A configuration: a name, and what makes a plan of it, or says why it is left out. */
export interface Configuration {
  name: string;
  plan: (site: Site) => Promise<Plan | string>;
}

/** All configurations of a package. */
export function configurations(root: string): Configuration[] {
  const examples = readdirSync(join(root, 'examples'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => ({ name: `examples/${name}`, plan: (site: Site) => example(site, name) }));
  return [...examples, ...corefilesBelow(root, 'deploy').map(deployed), ...own];
}

/** How an example is started, or why it is left out. */
async function example(site: Site, name: string): Promise<Plan | string> {
  if (Object.hasOwn(LEFT_OUT, name)) return LEFT_OUT[name];
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (name === 'sqlite' && (major < 22 || (major === 22 && minor < 13))) return 'it needs a newer Node';
  const folder = temporaryDirectory();
  // The example's own place, so that it finds the package, with another port.
  const cwd = join(folder, 'examples', name);
  cpSync(join(site.root, 'examples', name), cwd, { recursive: true });
  mkdirSync(join(folder, 'node_modules'));
  symlinkSync(site.root, join(folder, 'node_modules/multisocket'));
  const port = await freePort();
  for (const file of readdirSync(cwd).filter((each) => /\.js$|^Corefile$/.test(each))) {
    const text = readFileSync(join(cwd, file), 'utf8');
    writeFileSync(join(cwd, file), text.replaceAll('5300', String(port)).replaceAll('0.0.0.0:', '127.0.0.1:'));
  }
  const corefile = existsSync(join(cwd, 'Corefile')) ? readFileSync(join(cwd, 'Corefile'), 'utf8') : '';
  const listener: Listener = { protocol: corefile.includes('https://') ? 'https' : 'dns', port };
  const known = EXAMPLES[name] as (typeof EXAMPLES)[string] | undefined;
  const { control, traits = [], transfers } = known ?? { control: answers.any };
  const { cert, key } = certificateFiles(site);
  const env = {
    PORT: String(port),
    UPSTREAM: `127.0.0.1:${site.upstream.port}`,
    CERT: cert,
    KEY: key,
    SECRET: EXAMPLE_KEY.secret,
  };
  return {
    ...site,
    name: `examples/${name}`,
    command: [process.execPath, join(cwd, 'server.js')],
    cwd: folder,
    env,
    listeners: [listener],
    traits,
    ...(transfers && { transfers }),
    control: controlOf(listener, control),
    signal: 'SIGINT',
  };
}

/** A Corefile of deploy/, on loopback, with our upstream. */
function deployed({ name, text }: NamedCorefile): Configuration {
  const plan = async (site: Site): Promise<Plan> => {
    const moved = await onLoopback(text, `127.0.0.1:${site.upstream.port}`);
    const traits: Trait[] = /^\s+forward /m.test(text) ? ['forward'] : [];
    return program(site, name, moved.text, moved.listeners, traits, answers.upstream);
  };
  return { name, plan };
}

/** The program with a Corefile. The first listener takes the control question. */
function program(
  site: Site,
  name: string,
  corefile: string,
  listeners: readonly Listener[],
  traits: readonly Trait[],
  control: Parameters<typeof controlOf>[1],
): Plan {
  const cwd = temporaryDirectory();
  writeFileSync(join(cwd, 'Corefile'), corefile);
  const command = [process.execPath, join(site.root, 'dist/cli.js'), '-conf', 'Corefile'] as const;
  return { ...site, name, command, cwd, listeners, traits, control: controlOf(listeners[0], control) };
}

function certificateFiles({ certificate }: Site): { cert: string; key: string } {
  const folder = temporaryDirectory();
  const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
  writeFileSync(cert, certificate.cert);
  writeFileSync(key, certificate.key);
  return { cert, key };
}

/** A server of the library that obeys orders. */
async function library(
  site: Site,
  name: string,
  options: object,
  listeners: Listener[],
  traits: Trait[],
): Promise<Plan> {
  const file = fileURLToPath(new URL('./server.js', import.meta.url));
  const listen = listeners.map(
    ({ protocol, port }) => `${protocol === 'dns' ? '' : `${protocol}://`}127.0.0.1:${port}`,
  );
  const settings = JSON.stringify({ sockets: 2, workers: 2, listen, ...options });
  return Promise.resolve({
    ...site,
    name,
    command: [process.execPath, file, site.root, settings],
    cwd: temporaryDirectory(),
    listeners,
    traits,
    control: controlOf(listeners[0], answers.rcode('NOERROR')),
  });
}

const addresses = async (...protocols: readonly Listener['protocol'][]): Promise<Listener[]> => {
  const listeners: Listener[] = [];
  for (const protocol of protocols) listeners.push({ protocol, port: await freePort() });
  return listeners;
};

const HANDLER = fileURLToPath(new URL('./handler.js', import.meta.url));
const UPDATE_HANDLER = fileURLToPath(new URL('./update-handler.js', import.meta.url));
const TRANSFER_HANDLER = fileURLToPath(new URL('./transfer-handler.js', import.meta.url));

/** Corefiles and servers with what the examples do not have. */
const own: readonly Configuration[] = [
  {
    name: 'own/transactions',
    plan: async (site) => {
      const options = {
        filename: UPDATE_HANDLER,
        opcodes: ['QUERY', 'NOTIFY', 'UPDATE'],
        tsig: { keys: [ATTACKED_KEY] },
        cache: { maxBytes: 1 << 20 },
      };
      return library(site, 'own/transactions', options, await addresses('dns'), []);
    },
  },
  {
    name: 'own/transfers',
    plan: async (site) => {
      const options = { filename: TRANSFER_HANDLER, tcp: { writeTimeout: 1000 } };
      const plan = await library(site, 'own/transfers', options, await addresses('dns'), []);
      return { ...plan, transfers: { zone: 'example.org', stalls: true } };
    },
  },
  {
    name: 'own/templates',
    plan: async (site) => {
      const [dns] = await addresses('dns');
      const corefile = `.:${dns.port} {
        bind 127.0.0.1
        log
        errors
        rewrite stop {
          name regex ^old-(.+)[.]example[.]org[.]$ new-{1}.example.org
          answer auto
        }
        template IN A slow.example {
          match "^(?P<h>([a-z0-9]+-?)+)[.]slow[.]example[.]$"
          answer "{{ .Name }} 60 IN A 192.0.2.2"
          fallthrough
        }
        template IN TXT { answer "{{ .Name }} 60 IN TXT \\"{{ .Name }}\\"" }
        template IN MX {
          match "^(?P<first>[^.]*)[.].*$"
          answer "{{ .Name }} 60 IN MX 10 {{ .Group.first }}.mail.example."
          additional "mail.example. 60 IN A 192.0.2.3"
        }
        template IN A { answer "{{ .Name }} 60 IN A 192.0.2.1" }
        template ANY ANY { rcode NXDOMAIN }
      }`;
      return program(
        site,
        'own/templates',
        corefile,
        [dns],
        ['template', 'rewrite', 'log'],
        answers.data('control.example.org', 'A', '192.0.2.1'),
      );
    },
  },
  {
    name: 'own/proxies',
    plan: async (site) => {
      const [dns] = await addresses('dns');
      const corefile = `.:${dns.port} {
        bind 127.0.0.1
        proxyproto {
          allow 192.0.2.0/24
        }
        whoami
      }`;
      return program(site, 'own/proxies', corefile, [dns], ['client-in-answer'], answers.rcode('NOERROR'));
    },
  },
  {
    name: 'own/shared-cache',
    plan: async (site) => {
      const [dns] = await addresses('dns');
      const corefile = `.:${dns.port} {
        bind 127.0.0.1
        cache
        template IN TXT { answer "{{ .Name }} 60 IN TXT \\"{{ .Remote }}\\"" }
        whoami
      }`;
      return program(site, 'own/shared-cache', corefile, [dns], ['client-in-answer'], answers.rcode('NOERROR'));
    },
  },
  {
    name: 'own/forward',
    plan: async (site) => {
      const [dns, tls, https, grpc, health, ready, metrics] = await addresses(
        'dns',
        'tls',
        'https',
        'grpc',
        'http',
        'http',
        'http',
      );
      const { cert, key } = certificateFiles(site);
      const forward = `bind 127.0.0.1\n errors\n cache\n forward . 127.0.0.1:${site.upstream.port}\n`;
      const secure = [tls, https, grpc].map(
        ({ protocol, port }) => `${protocol}://.:${port} {\n tls ${cert} ${key}\n ${forward}\n}`,
      );
      const corefile = `.:${dns.port} {
        log
        health 127.0.0.1:${health.port}
        ready 127.0.0.1:${ready.port}
        prometheus 127.0.0.1:${metrics.port}
        ${forward}
      }
      ${secure.join('\n')}`;
      const http = [
        { ...health, path: '/health' },
        { ...ready, path: '/ready' },
        { ...metrics, path: '/metrics' },
      ];
      return program(
        site,
        'own/forward',
        corefile,
        [dns, tls, https, grpc, ...http],
        ['forward', 'log'],
        answers.upstream,
      );
    },
  },
  {
    name: 'own/certificates',
    plan: async (site) => {
      const { cert, key } = site.certificate;
      const filename = HANDLER;
      const listeners = await addresses('dns', 'tls', 'https', 'grpc');
      return library(site, 'own/certificates', { filename, tls: { cert, key } }, listeners, ['certificates']);
    },
  },
  {
    name: 'own/blocking',
    plan: async (site) => {
      const listeners = await addresses('dns');
      const options = { filename: HANDLER, workerData: site.canaries.fifo };
      return library(site, 'own/blocking', options, listeners, ['blocking']);
    },
  },
];
