/** Generates Corefiles. */
import { DIRECTIVES, VALUES } from './directives.js';
import type { Random } from './random.js';

/** A Corefile, and what it is about. */
export interface GeneratedCorefile {
  /** The directive whose arguments and options were chosen at random. */
  directive: string;
  text: string;
  /** A variable that it refers to. */
  environment: Readonly<Record<string, string>>;
}

const BAD_VALUES = 0.15;
/** What stands beside the directive that a Corefile is about. */
const BESIDE = [
  'whoami',
  'errors',
  'log',
  'cache 30',
  'forward . 127.0.0.1:5301',
  'any',
  'loadbalance',
  'bufsize 1232',
];
const KEYS = [
  '.',
  '.',
  '.',
  'example.org',
  'example.org example.net',
  'dns://.',
  '.:0',
  'example.org:0, test',
  '10.0.0.0/9',
  'a.test b.test c.test',
  '2001:db8::/32',
  '10.0.0.0/23:0 10.in-addr.arpa:0',
  'EXAMPLE.org example.org:0',
  '"quoted.test"',
  'a.test, b.test',
  'a.test,\n  b.test',
];
/** In the last place of a key the wanted share is as of all of them. */
const BAD_KEYS = ['', '.:', 'a..b', 'a:70000', '. .', '"a b"', 'example.org example.org.', 'http://.', ','].concat(
  [
    '"" ""',
    'TLS://.',
    'unix://.',
    'dns://',
    'dns://.:x',
    '::/8',
    '10.0.0.0/33',
    'a:-1',
    'a:+0',
    '.a',
    'a, ,b',
    'x'.repeat(64),
  ],
  [
    '10.0.0.0/8 10.1.0.0/8',
    'a:1 dns://a:1',
    '0.0.0.0/0',
    '\\. a\\.b',
    '[::1]:53',
    '127.0.0.1',
    '*',
    '*.a',
    'https3://',
    'a:0053',
  ],
);
/** Values of environment variables, with all that means something to the language. */
const ENVIRONMENT = [
  'example.org',
  '30',
  '127.0.0.1',
  'a b',
  '',
  '"',
  '{',
  '}',
  '#x',
  'a\nb',
  '{$OTHER}',
  'é',
  '10.0.0.0/8',
].concat(['\\', '"a b"', 'whoami', '5s', 'a,', 'a..b', '\t', '$ORACLE', '%']);
const ENCRYPTED = ['tls://.:0', 'https://.:0', 'grpc://.:0', 'tls://example.org:0'];

/** Makes one; all of the directives in turn. */
export function generateCorefile(random: Random, index: number): GeneratedCorefile {
  const names = Object.keys(DIRECTIVES);
  const directive = names[index % names.length];
  const environment = { ORACLE: random.pick(ENVIRONMENT), OTHER: 'other.test' };
  const uses = random.chance(0.12) ? 2 : 1;
  const lines = Array.from({ length: uses }, () => use(directive, random));
  const others = random.some(BESIDE, random.below(3)).filter((line) => !line.startsWith(directive));
  const own = lines.map((each) => each.join('\n'));
  const body = random.chance(0.5) ? [...own, ...new Set(others)] : [...new Set(others), ...own];
  const key = keyFor(directive, random);
  return { directive, text: arrange(key, body, random), environment };
}

function keyFor(directive: string, random: Random): string {
  if (random.chance(0.04)) return random.pick(BAD_KEYS);
  if (random.chance(0.02))
    return random.pick(['example.{$ORACLE}', '{%ORACLE%}', '{$ORACLE} a', '{$NONE} a', '{$ORACLE']);
  if (directive === 'tls' || random.chance(0.03)) return random.pick(ENCRYPTED);
  return random.pick(KEYS);
}

/** One use of a directive, with its block. */
function use(name: string, random: Random): string[] {
  const { heads, lines } = DIRECTIVES[name];
  const head = `${name} ${fill(random.pick(heads), random)}`.trim();
  const count = lines.length === 0 ? 0 : random.below(4);
  if (count === 0) return random.chance(0.04) ? [`${head} {`, '}'] : [head];
  const chosen = random.some(lines, count);
  // One option twice, with other values.
  if (random.chance(0.1)) chosen.push(random.pick(chosen));
  const inner = chosen.map((line) => `  ${fill(line, random)}`);
  return [`${head} {`, ...inner, '}'];
}

function fill(form: string, random: Random): string {
  return form.replaceAll(/<(\w+)>/g, (_, kind: string) => {
    const { good, bad } = VALUES[kind];
    return random.pick(random.chance(BAD_VALUES) ? bad : good);
  });
}

/** A Corefile of one server block, in one of the forms that the language has for it. */
function arrange(key: string, body: readonly string[], random: Random): string {
  const lines = body.flatMap((text) => text.split('\n')).map((line) => `  ${line}`);
  const text = (inner: readonly string[]): string => `${key} {\n${inner.join('\n')}\n}\n`;
  switch (random.below(28)) {
    case 0:
      return `(part) {\n${lines.join('\n')}\n}\n${text(['  import part'])}`;
    case 8:
      return `(inner) {\n${lines.join('\n')}\n}\n(outer) {\n  import inner\n}\n${text(['  import outer'])}`;
    case 9:
      return `(part) {\n${lines.join('\n')}\n}\n${text(['  import part', '  import part'])}`;
    case 10:
      return text([...lines, `  import ${random.pick(IMPORTS)}`]);
    case 11:
      return text(lines).replaceAll(/ +/g, '\t');
    case 12:
      return text(lines).trimEnd();
    case 13:
      return text(lines) + text(['  whoami']);
    case 14:
      return `# {\n\n${text(lines).replaceAll('\n', '\n\n# }\n')}`;
    case 15:
      return text(lines.map((line) => line.replace(/^ *([a-z_]+)/, '  "$1"')));
    case 16:
      return text(lines.map((line) => line.replace(/ [\w.]+$/, ' {%ORACLE%}x{$OTHER}')));
    case 17:
      return text(lines.toReversed());
    case 18:
      return text(lines).replace(/ \{\n/, random.pick(['{\n', '\n{\n', ' {', ' { # a\n', ' "{"\n']));
    case 19:
      return `${text(lines)}${random.pick(TAILS)}`;
    case 1:
      return `${key}\n${lines.join('\n')}\n`;
    case 2:
      return text(lines).replaceAll('\n', '\r\n');
    case 3:
      return `\ufeff# a comment\n${text(lines.map((line) => `${line} # and another`))}`;
    case 4:
      return text(lines.map((line) => line.replace(/ ([\w.:/-]+)$/, ' "$1"')));
    case 5:
      return text(lines.map((line) => line.replace(/ [\w.]+$/, ' {$ORACLE}')));
    case 6:
      return `${text(lines)}test.invalid {\n  whoami\n}\n`;
    case 7:
      return random.chance(0.7) ? text(lines) : broken(text(lines), random);
    default:
      return text(lines);
  }
}

/** What may be imported: files that are there, and such as are not; snippets that are not. */
const IMPORTS = [
  'part.conf',
  './part.conf',
  'none.conf',
  'none/*.conf',
  '*.conf',
  'parts/?.conf',
  'unknown',
  '""',
  '[a].conf',
].concat(['part.conf twice', '**/*.conf', 'parts', '{$ORACLE}', 'braces.conf', 'itself.conf']);
/** What may follow the last server block. */
const TAILS = [
  '}\n',
  '{\n}\n',
  'import part.conf\n',
  'import blocks.conf\n',
  '# the end',
  '"',
  '(unused) {\n}\n',
  '(a) {\n}\n(a) {\n}\n',
  'b.test',
].concat(['\\', '\u00a0', '\0', '\ufeff', '(open) {\n', '() {\n}\n', '(x) y {\n}\n', 'b.test {\n}', '\f\v\n', '\r']);

/** The text without one of its characters that matter. */
function broken(text: string, random: Random): string {
  const places = [...text.matchAll(/[{}"\n]/g)].map(({ index }) => index);
  const place = random.pick(places);
  return text.slice(0, place) + text.slice(place + 1);
}
