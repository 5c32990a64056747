/** Corefiles of deploy/, changed so that they run here. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { freePort } from '../support/free-port.js';
import type { Listener } from './target.js';

/** A Corefile. `name`: of its file, and of its entry in a ConfigMap. */
export interface NamedCorefile {
  name: string;
  text: string;
}

/** Corefiles below a folder: files of that name, and entries of ConfigMaps. */
export function corefilesBelow(root: string, folder: string): NamedCorefile[] {
  const paths = readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' });
  return paths
    .map((path) => join(folder, path))
    .flatMap((path) => {
      if (/Corefile[^/]*$/.test(path)) return [{ name: path, text: readFileSync(join(root, path), 'utf8') }];
      if (!/\.ya?ml$/.test(path)) return [];
      const documents = parseAllDocuments(readFileSync(join(root, path), 'utf8'));
      return documents.flatMap((document) => {
        const { kind, data = {} } = document.toJS() as { kind?: string; data?: Record<string, string> };
        if (kind !== 'ConfigMap') return [];
        const entries = Object.entries(data).filter(([name]) => name.includes('Corefile'));
        return entries.map(([name, text]) => ({ name: `${path}#${name}`, text }));
      });
    });
}

const PATHS: Readonly<Record<string, string>> = { health: '/health', ready: '/ready', prometheus: '/metrics' };

/** A Corefile on free ports of 127.0.0.1, and with another upstream. */
export async function onLoopback(text: string, upstream: string): Promise<{ text: string; listeners: Listener[] }> {
  /** By what the text has: an address, or a protocol and a port. */
  const listeners = new Map<string, Listener>();
  const listenerOf = async (key: string, more: Omit<Listener, 'port'>): Promise<number> => {
    const known = listeners.get(key) ?? { ...more, port: await freePort() };
    listeners.set(key, known);
    return known.port;
  };
  const lines: string[] = [];
  for (const line of text.split('\n')) {
    const [, keys] = (/^([^\s#(].*?)\s*\{\s*$/.exec(line) ?? []) as (string | undefined)[];
    const [, name, address = '', rest = ''] = (/^\s+(health|ready|prometheus)\b[ ]*([^\s{]*)(.*)$/.exec(line) ??
      []) as (string | undefined)[];
    if (keys !== undefined) {
      const moved: string[] = [];
      for (const key of keys.split(/\s+/)) {
        const [, protocol = 'dns', zone, port = ''] = /^(?:(\w+):\/\/)?(.*?)(?::(\d+))?$/.exec(key) ?? [];
        const at = await listenerOf(`${protocol}:${port}`, { protocol: protocol as Listener['protocol'] });
        moved.push(`${protocol}://${zone}:${at}`);
      }
      lines.push(`${moved.join(' ')} {`, '    bind 127.0.0.1');
    } else if (name !== undefined) {
      const port = await listenerOf(`${name} ${address}`, { protocol: 'http', path: PATHS[name] });
      lines.push(`    ${name} 127.0.0.1:${port}${rest}`);
    } else if (!/^\s+bind\s/.test(line)) lines.push(line.replace(/^(\s+forward \S+) [^{]*/, `$1 ${upstream} `));
  }
  return { text: lines.join('\n'), listeners: [...listeners.values()] };
}
