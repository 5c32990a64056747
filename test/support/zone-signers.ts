/** Zones that BIND, ldns and Knot have signed. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from './clients.js';
import { DnsProgram } from './dns-program.js';
import { makeKey } from './dnssec-keys.js';
import { findKnot, knotServer } from './knot.js';

/** A zone file with signatures. */
export interface SignedZone {
  text: string;
  /** The DNSKEY records that sign the zone's keys, in presentation form: trust anchors. */
  anchors: string[];
}

/** A way to sign a zone. */
export interface ZoneSigner {
  name: string;
  sign: (origin: string, text: string) => Promise<SignedZone>;
}

const NSEC3 = ['-3', 'AABBCCDD', '-H', '5'];

/** All ways, with NSEC and NSEC3, with and without opt-out, and with several algorithms. */
export const zoneSigners: readonly ZoneSigner[] = [
  bind('NSEC', 'ECDSAP256SHA256', []),
  bind('NSEC3', 'RSASHA256', NSEC3),
  bind('NSEC3 without salt', 'ECDSAP256SHA256', ['-3', '-']),
  bind('NSEC3 with opt-out', 'ED25519', ['-3', 'AABB', '-A']),
  ldns('NSEC', 'ED25519', []),
  ldns('NSEC3', 'ECDSAP256SHA256', ['-n', '-s', 'AABBCCDD', '-t', '2']),
  knot('NSEC', 'nsec3: off'),
  knot('NSEC3', 'nsec3: on\n    nsec3-salt-length: 4\n    nsec3-iterations: 3'),
  knot('NSEC3 with opt-out', 'nsec3: on\n    nsec3-opt-out: on\n    nsec3-iterations: 0'),
];

function bind(name: string, algorithm: string, options: readonly string[]): ZoneSigner {
  return {
    name: `dnssec-signzone with ${name}`,
    sign: inFolder(async (folder, origin) => {
      const keys = await makeKeys(folder, origin, algorithm);
      const args = ['-S', '-K', folder, '-d', folder, '-o', origin, '-f', join(folder, 'signed'), '-N', 'keep'];
      await run('dnssec-signzone', [...args, ...options, join(folder, 'zone')]);
      return { text: readFileSync(join(folder, 'signed'), 'latin1'), anchors: keys.anchors };
    }),
  };
}

function ldns(name: string, algorithm: string, options: readonly string[]): ZoneSigner {
  return {
    name: `ldns-signzone with ${name}`,
    sign: inFolder(async (folder, origin) => {
      const { paths, anchors } = await makeKeys(folder, origin, algorithm);
      const args = ['-o', origin, '-f', join(folder, 'signed'), ...options, join(folder, 'zone'), ...paths];
      await run('ldns-signzone', args);
      return { text: readFileSync(join(folder, 'signed'), 'latin1'), anchors };
    }),
  };
}

function knot(name: string, policy: string): ZoneSigner {
  return {
    name: `Knot with ${name}`,
    sign: async (origin, text) => {
      const program = findKnot();
      if (program === undefined) throw new Error('knotd is not installed');
      const style = {
        configuration: (folder: string, port: number) => knotSigner(folder, port, origin, policy),
        args: (file: string) => ['-c', file],
      };
      const server = await DnsProgram.start(program, style, origin, text);
      try {
        const transfer = ['@127.0.0.1', '-p', String(server.port), '+onesoa', '+nocomments', '+nostats', '+nocmd'];
        const signed = await run('dig', [...transfer, origin, 'AXFR']);
        return { text: signed, anchors: signed.split('\n').filter((line) => /\sDNSKEY\s+257\s/.test(line)) };
      } finally {
        await server.stop();
      }
    },
  };
}

/** Runs `sign` in a folder of its own that has the text in the file `zone`. */
function inFolder(sign: (folder: string, origin: string) => Promise<SignedZone>): ZoneSigner['sign'] {
  return async (origin, text) => {
    const folder = mkdtempSync(join(tmpdir(), 'multisocket-'));
    try {
      writeFileSync(join(folder, 'zone'), text, 'latin1');
      return await sign(folder, origin);
    } finally {
      rmSync(folder, { recursive: true });
    }
  };
}

/** A key that signs keys, and one that signs the rest. */
async function makeKeys(
  folder: string,
  origin: string,
  algorithm: string,
): Promise<{ paths: string[]; anchors: string[] }> {
  const paths = [
    await makeKey(folder, origin, '-a', algorithm, '-f', 'KSK'),
    await makeKey(folder, origin, '-a', algorithm),
  ];
  const anchor = readFileSync(`${paths[0]}.key`, 'latin1')
    .split('\n')
    .filter((line) => /^[^;]/.test(line));
  return { paths, anchors: anchor };
}

function knotSigner(folder: string, port: number, origin: string, policy: string): string {
  return `${knotServer(folder, port)}database:
    storage: "${folder}"
acl:
  - id: local
    address: 127.0.0.1
    action: transfer
policy:
  - id: signer
    algorithm: ecdsap256sha256
    ${policy}
zone:
  - domain: "${origin}"
    storage: "${folder}"
    file: "zone"
    semantic-checks: off
    acl: local
    zonefile-load: whole
    dnssec-signing: on
    dnssec-policy: signer
`;
}
