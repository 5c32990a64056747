/** Names that mean something where a name should mean nothing. */
import type { Random } from './random.js';
import { FORBIDDEN, type Canaries } from './canaries.js';

/** Octets as a label in presentation form. */
export function labelOf(octets: Buffer): string {
  return [...octets.subarray(0, 63)].map((octet) => `\\${String(octet).padStart(3, '0')}`).join('');
}

/** The first labels of names that try to be read as zone files, templates, formats, expressions or lines. */
function texts({ zone, fifo }: Canaries): string[] {
  return [
    ...[zone, fifo, ...FORBIDDEN].flatMap((path) => [
      `$include(${path});`,
      `$INCLUDE ${path}`,
      `\n$INCLUDE ${path}\n`,
      `x 60 IN A 1.1.1.1\n$INCLUDE ${path}`,
      `(\n$include ${path} )`,
      `"$include" ${path};`,
    ]),
    '$generate(1-65535)$;',
    '\n$GENERATE 1-65535 $ A 1.2.3.4\n',
    '$ORIGIN evil.;',
    '$TTL 1',
    '@ 1 IN A 198.51.100.66\nx',
    'a 60 IN A 198.51.100.66;',
    'a\r\nb 60 IN A 198.51.100.66',
    '") 1 IN TXT "',
    '{{ .Remote }}',
    '{{ .Group.first }}',
    '{{range $i := 9999999}}x{{end}}',
    '{0}{1}{2}$1$&',
    '%s%n%d',
    '${process.exit(1)}',
    '\n[INFO] 127.0.0.1:1 - 1 "A IN forged. udp 1 false 512" NOERROR',
    '\x1b]0;owned\x07\x1b[2J',
    '\\',
    '"',
    ';',
    '(',
    '((((((((((((((((((((((((((((((',
    '\0',
    '../../../etc/passwd',
    '__proto__',
    'constructor',
    'a'.repeat(63),
  ];
}

/** A hostile name, in presentation form. `suffix`: its last labels. `start`: what its first label starts with. */
export function hostileName(random: Random, canaries: Canaries, suffix: string, start = ''): string {
  const kind = random.below(4);
  let first: Buffer;
  if (kind < 2) first = Buffer.from(random.pick(texts(canaries)), 'latin1');
  else first = random.octets(1 + random.below(63));
  const more = kind === 1 ? `.${labelOf(random.octets(1 + random.below(20)))}` : '';
  return `${labelOf(Buffer.concat([Buffer.from(start), first]))}${more}.${suffix}`;
}
