// Writes lib/native/layout.ts from the lists of native/message/layout.h. With --check it writes nothing, and fails where
// the file is not what it would write.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const HEADER = here('../native/message/layout.h');
const GENERATED = here('../lib/native/layout.ts');

/** What each list is in JavaScript. A list without a member of `Layout` gives the layout's own numbers. */
const LISTS = {
  NUMBERS: {},
  ENVELOPE: { member: 'envelope', about: 'Offsets in an envelope.' },
  QUERY: { member: 'query', about: "The words of a query's row." },
  VERDICT: { member: 'verdict', about: 'What a message is.' },
  STREAM: { member: 'stream', about: 'The words that a StreamAdmission is told and tells, beside the rows.' },
  OUTBOX: { member: 'outbox', about: 'The words of an entry in the outbox, whose first word counts the entries.' },
  TCP: { member: 'tcp', about: 'Sizes and counts of the memory of a TcpEndpoint.' },
  TCP_REPLY: {
    member: 'tcpReply',
    about: 'The words of an entry in the outbox of a TcpEndpoint, whose first word counts the entries.',
  },
  TCP_SETTING: { member: 'tcpSetting', about: 'The words of the settings of a TcpEndpoint.' },
  CLIENT: { member: 'client', about: 'Sizes and counts of the memory of a UdpClient.' },
  ASK: {
    member: 'ask',
    about: 'The words of an entry in the outbox of a UdpClient, whose first word counts the entries.',
  },
  ANSWER: {
    member: 'answer',
    about: 'The words of a row of answers. `answered` sets all but `error`, `unreachable` some, others the first two.',
  },
  OUTCOME: { member: 'outcome', about: 'What became of a query to an upstream.' },
  KIND: { member: 'kind', about: 'What an answer says, as far as caching goes.' },
  KEEPING: { member: 'keeping', about: 'The words that tell an answer cache how to keep a reply.' },
  LOG: { member: 'log', about: 'The words before the records in the ring of a query log.' },
  LOG_RECORD: { member: 'logRecord', about: 'The words of a record of a query log.' },
  SOCKET_COUNTERS: {
    names: 'nativeSocketCounters',
    about: 'Counters of a socket that native code writes, in the order of its row.',
  },
  WORKER_COUNTERS: {
    names: 'nativeWorkerCounters',
    about: 'Counters of a worker that native code writes, in the order of its row.',
  },
};

function entriesOf(header, list) {
  const [, body] = new RegExp(`#define LAYOUT_${list}\\(X\\)((?:.*\\\\\\n)*.*)`).exec(header) ?? [];
  if (body === undefined) throw new Error(`${HEADER} has no list LAYOUT_${list}`);
  // clang-format may split a description into several strings.
  const entries = [...body.matchAll(/X\(\w+,[\s\\]*(\w+),[\s\\]*((?:"[^"]*"[\s\\]*)+)\)/g)].map(
    ([, name, strings]) => ({
      name,
      about: [...strings.matchAll(/"([^"]*)"/g)].map(([, part]) => part).join(''),
    }),
  );
  if (entries.length !== body.split('X(').length - 1)
    throw new Error(`LAYOUT_${list} has an entry that cannot be read`);
  return entries;
}

const members = (entries, indent) =>
  entries.map(({ name, about }) => `${indent}/** ${about} */\n${indent}${name}: number;\n`).join('');

function generate(header) {
  const lists = Object.entries(LISTS).map(([list, as]) => ({ ...as, entries: entriesOf(header, list) }));
  const counters = lists.filter(({ names }) => names !== undefined);
  const groups = lists.filter(({ member }) => member !== undefined);
  const [{ entries: numbers }] = lists;
  let text = '/** Generated from native/message/layout.h by scripts/layout.js. */\n\n';
  for (const { names, about, entries } of counters) {
    text += `/**\n * ${about}\n *\n${entries.map((entry) => ` * - \`${entry.name}\`: ${entry.about}\n`).join('')} */\n`;
    text += `export const ${names} = [\n${entries.map(({ name }) => `  '${name}',\n`).join('')}] as const;\n\n`;
  }
  text += `/**
 * The positions of everything in the memory that native code and JavaScript share.
 *
 * A *slab* is one ArrayBuffer a worker. It holds \`batchSize\` receive slots of \`slotStride\` bytes, each an envelope of
 * \`envelopeSize\` bytes (who sent it, to which address) directly followed by the message; then the text region; then the
 * output region, up to the slab's end.
 */
export interface Layout {
${members(numbers, '  ')}`;
  for (const { member, about, entries } of groups) {
    text += `  /** ${about} */\n  ${member}: {\n${members(entries, '    ')}  };\n`;
  }
  text += `  /** As {@link nativeSocketCounters}. */
  socketCounters: string[];
  /** As {@link nativeWorkerCounters}. */
  workerCounters: string[];
}

/** The names in each group of numbers. */
export const layoutNames = {
  numbers: [${numbers.map(({ name }) => `'${name}'`).join(', ')}],
${groups.map(({ member, entries }) => `  ${member}: [${entries.map(({ name }) => `'${name}'`).join(', ')}],\n`).join('')}} as const;
`;
  return text;
}

const generated = generate(readFileSync(HEADER, 'utf8'));
if (!process.argv.includes('--check')) {
  writeFileSync(GENERATED, generated);
} else if (readFileSync(GENERATED, 'utf8') !== generated) {
  console.error('lib/native/layout.ts does not fit native/message/layout.h: run "node scripts/layout.js"');
  process.exitCode = 1;
}
