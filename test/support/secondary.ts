/** Servers that load a zone from a primary by AXFR. */
import { setTimeout as wait } from 'node:timers/promises';
import { bindArgs, bindOptions } from './bind.js';
import { ask } from './clients.js';
import { findProgram } from './find-program.js';
import { DnsProgram, type ProgramStyle } from './dns-program.js';
import { knotServer } from './knot.js';
import { nsdServer } from './nsd.js';

type Style = (primary: number) => ProgramStyle;

const nsd: Style = (primary) => ({
  configuration: (folder, port, origin) => `${nsdServer(folder, port)}remote-control:
  control-enable: no
zone:
  name: "${origin}"
  zonefile: "${folder}/copy"
  request-xfr: AXFR 127.0.0.1@${primary} NOKEY
  allow-notify: 127.0.0.1 NOKEY
`,
  args: (file) => ['-d', '-c', file],
});

const knot: Style = (primary) => ({
  configuration: (folder, port, origin) => `${knotServer(folder, port)}database:
    storage: "${folder}/db"
remote:
  - id: primary
    address: 127.0.0.1@${primary}
template:
  - id: default
    storage: "${folder}"
    zonefile-sync: -1
zone:
  - domain: "${origin}"
    master: primary
`,
  args: (file) => ['-c', file],
});

const bind: Style = (primary) => ({
  configuration: (
    folder,
    port,
    origin,
  ) => `${bindOptions(folder, port, 'notify no;')}zone "${origin}" { type secondary; primaries { 127.0.0.1 port ${primary}; }; file "${folder}/copy"; };
`,
  args: bindArgs,
});

/** The secondaries that are installed: `start` resolves when one serves the zone that it has loaded. */
export const secondaries = (
  [
    ['nsd', nsd],
    ['knotd', knot],
    ['named', bind],
  ] as const
).flatMap(([name, style]) => {
  const program = findProgram(name);
  if (program === undefined) return [];
  const start = async (primary: number, origin: string): Promise<DnsProgram> => {
    // It answers SERVFAIL until it has the zone.
    const secondary = await DnsProgram.start(program, { ...style(primary), serves: () => true }, origin, '');
    for (let attempt = 0; attempt < 200; attempt++) {
      if ((await ask(secondary.port, origin, 'SOA')).rcode === 'NOERROR') return secondary;
      await wait(100);
    }
    await secondary.stop();
    throw new Error(`${name} has not loaded ${origin}`);
  };
  return [{ name, start }];
});
