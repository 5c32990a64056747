/**
 * Sends mutated messages through a running server on loopback, by every transport, and watches its memory:
 * `npm run flood -- --packets 1000000`. Ends with 1 when good queries are not answered, or when resident memory is
 * larger by more than a tenth in the second half than it was in the first.
 */
import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect as connectHttp2 } from 'node:http2';
import type { Socket } from 'node:net';
import { connect as connectTcp } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import fc from 'fast-check';
import { makeCertificate } from '../support/certificate.js';
import { framed, queryBytes, udpExchange } from '../support/clients.js';
import { messages } from '../support/message-arbitrary.js';
import { record } from './figures.js';
import { Random } from '../directives/file/zone-generator.js';

/** How many messages the grammar makes, of which the rest are mutations. */
const POOL = 20_000;
/** Messages of one connection, or under way by UDP at a time. */
const BURST = 50;

const { values } = parseArgs({ options: { packets: { type: 'string', default: '1000000' } } });
const total = Number(values.packets);
const certificate = await makeCertificate();
const encoded = [certificate.cert, certificate.key].map((text) => Buffer.from(text).toString('base64'));
const child = fork(fileURLToPath(new URL('./flood-target.js', import.meta.url)), encoded);
const [ports] = (await once(child, 'message')) as [number[]];
const [plain, tls, https] = ports;
const random = new Random(20261125);
const pool = fc.sample(messages, { seed: 20261125, numRuns: POOL });

function mutated(): Buffer {
  const message = Buffer.from(random.pick(pool));
  for (let changes = random.below(4); changes > 0 && message.length > 0; changes--) {
    message[random.below(message.length)] = random.below(256);
  }
  return message;
}

const burst = (): Buffer[] => Array.from({ length: BURST }, mutated);

async function good(): Promise<void> {
  assert.ok(await udpExchange(queryBytes('good.example.org'), plain, '127.0.0.1', 10_000), 'a good query is answered');
}

const udp = createSocket('udp4').bind(0, '127.0.0.1');
await once(udp, 'listening');

async function byUdp(): Promise<void> {
  for (const message of burst()) udp.send(message, plain, '127.0.0.1');
  await good();
}

/** Sends, reads what comes until a last good query is answered or the server has hung up. */
async function byStream(socket: Socket): Promise<void> {
  socket.on('error', () => undefined);
  socket.resume();
  socket.end(Buffer.concat([...burst(), queryBytes('last.example.org')].map(framed)));
  if (!socket.destroyed) await once(socket, 'close');
}

const session = connectHttp2(`https://127.0.0.1:${https}`, { ca: certificate.cert });

async function byHttps(): Promise<void> {
  const headers = { ':method': 'POST', ':path': '/dns-query', 'content-type': 'application/dns-message' };
  await Promise.all(
    burst().map(async (message) => {
      const stream = session.request(headers);
      stream.on('error', () => undefined); // reset where a handler drops its query on purpose
      stream.resume();
      stream.end(message);
      await new Promise((resolve) => stream.once('close', resolve));
    }),
  );
}

function residentNow(): number {
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))![1]) / 1024;
}

const samples: number[] = [];
const by = { udp: 0, tcp: 0, tls: 0, https: 0 };
const start = performance.now();
for (let sent = 0, i = 0; sent < total; sent += BURST, i++) {
  // Seven of ten bursts by UDP, one by each of the others.
  const transport = i % 10 === 7 ? 'tcp' : i % 10 === 8 ? 'tls' : i % 10 === 9 ? 'https' : 'udp';
  if (transport === 'udp') await byUdp();
  else if (transport === 'tcp') await byStream(connectTcp({ port: plain, host: '127.0.0.1' }));
  else if (transport === 'tls') await byStream(connectTls({ port: tls, host: '127.0.0.1', ca: certificate.cert }));
  else await byHttps();
  by[transport] += BURST;
  if (sent >= ((samples.length + 1) * total) / 10 - BURST) samples.push(residentNow());
}
await good();
child.send('statistics');
const [totals] = (await once(child, 'message')) as [Record<string, number>];
const seconds = Math.round((performance.now() - start) / 1000);
const told = [
  'formatErrors',
  'notImplemented',
  'badVersions',
  'droppedShort',
  'droppedResponse',
  'handled',
  'cacheHits',
];
const counters = Object.fromEntries(told.map((name) => [name, totals[name]]));
const resident = samples.map(Math.round);
console.log({ messages: total, seconds, by, resident, counters });
record('flood', () => ({ messages: total, seconds, by, resident, counters }));
session.destroy();
udp.close();
child.disconnect();
child.kill();
await once(child, 'exit');
// Heaps grow at first, however short the run.
if (total >= 500_000) {
  const [early, late] = [samples.slice(0, 5), samples.slice(5)].map((half) => Math.max(...half));
  assert.ok(late <= 1.1 * early, 'resident memory grows');
}
