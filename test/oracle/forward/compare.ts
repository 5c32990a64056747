/** Puts an upstream that misbehaves behind each forwarder, asks them, and says who is right where they differ. */
import packet from 'dns-packet';
import { opt, queryBytes, udpExchange } from '../../support/clients.js';
import type { Certificate } from '../../support/certificate.js';
import { HttpsUpstream } from '../../support/https-upstream.js';
import { ScriptedUpstream } from '../../support/upstream.js';
import { Random } from '../coredns/random.js';
import type { Behaviour, Outcome } from './behaviour.js';
import type { HttpsBehaviour } from './https.js';
import { zoneOf, type Forwarder } from './peers.js';

/** What is compared. */
type AnyBehaviour = Behaviour | HttpsBehaviour;

/** What a client got. */
export interface Got {
  outcome: Outcome;
  /** Records in the answer, authority and additional sections. */
  records: [number, number, number];
  bytes: number;
  milliseconds: number;
}

/** Who is right: nobody differs, several answers are right, or one side. */
export type Verdict = 'same' | 'open' | 'ours right' | 'theirs right';

/** A behaviour, what the client of each forwarder got, and who is right. */
export interface Comparison {
  behaviour: AnyBehaviour;
  /** In the order of the forwarders. */
  got: Got[];
  verdict: Verdict;
}

/** Milliseconds that a client has. */
const WITHIN = 5000;
const CLIENT_TIMEOUT = 8000;
/** What load on the machine may add to a time. */
const LEEWAY = 1500;
const RCODES: readonly Outcome[] = ['other', 'FORMERR', 'SERVFAIL', 'NXDOMAIN', 'NOTIMP', 'REFUSED'];

/** Compares all behaviours at a time. `seed` decides their details. */
export function compare(
  behaviours: readonly Behaviour[],
  forwarders: readonly Forwarder[],
  seed: number,
): Promise<Comparison[]> {
  return compareAll(behaviours, forwarders, async (behaviour, i) => {
    const random = new Random(seed * 1000 + i);
    let nth = 0;
    const upstream = await ScriptedUpstream.start((asked) => {
      behaviour.respond(asked, nth++, random);
    });
    // Unbound 1.17 sends queries over TCP without flags after some broken answers. They get no answer.
    upstream.unreadable = () => undefined;
    if (behaviour.gone === true) await upstream.close();
    return { address: `127.0.0.1:${upstream.port}`, close: () => upstream.close() };
  });
}

/** Compares all behaviours of upstreams by HTTPS at a time. */
export function compareHttps(
  behaviours: readonly HttpsBehaviour[],
  forwarders: readonly Forwarder[],
  certificate: Certificate,
): Promise<Comparison[]> {
  return compareAll(behaviours, forwarders, async ({ script }) => {
    const upstream = await HttpsUpstream.start(certificate, script);
    return { address: `https://127.0.0.1:${upstream.port}`, close: () => upstream.close() };
  });
}

interface Upstream {
  address: string;
  close: () => Promise<void>;
}

type StartUpstream<B> = (behaviour: B, number: number) => Promise<Upstream>;

async function compareAll<B extends AnyBehaviour>(
  behaviours: readonly B[],
  forwarders: readonly Forwarder[],
  start: StartUpstream<B>,
): Promise<Comparison[]> {
  const columns = await Promise.all(forwarders.map((forwarder) => ask(behaviours, forwarder, start)));
  return behaviours.map((behaviour, i) => {
    const got = columns.map((column) => column[i]);
    return { behaviour, got, verdict: judge(behaviour, got) };
  });
}

async function ask<B>(behaviours: readonly B[], forwarder: Forwarder, start: StartUpstream<B>): Promise<Got[]> {
  const upstreams = await Promise.all(behaviours.map(start));
  const { port, stop } = await forwarder.start(upstreams.map(({ address }) => address));
  try {
    return await Promise.all(behaviours.map((_, i) => askOne(port, `wWw.${zoneOf(i)}`)));
  } finally {
    await stop();
    for (const upstream of upstreams) await upstream.close();
  }
}

async function askOne(port: number, name: string): Promise<Got> {
  const began = performance.now();
  const query = queryBytes(name, 'A', { additionals: [opt(1232)] });
  const answered = await udpExchange(query, port, '127.0.0.1', CLIENT_TIMEOUT);
  const milliseconds = performance.now() - began;
  if (answered === undefined) return { outcome: 'none', records: [0, 0, 0], bytes: 0, milliseconds };
  const { reply } = answered;
  const records: Got['records'] = [reply.readUInt16BE(6), reply.readUInt16BE(8), reply.readUInt16BE(10)];
  return { outcome: outcomeOf(reply, query), records, bytes: reply.length, milliseconds };
}

/** A reply that a client would not take, or cannot read, is `other`. */
function outcomeOf(reply: Buffer, query: Buffer): Outcome {
  const rcode = reply[3] & 15;
  if (reply.readUInt16BE(0) !== query.readUInt16BE(0)) return 'other';
  if ((reply[2] & 2) !== 0) return 'truncated';
  if (rcode !== 0) return RCODES[rcode] ?? 'other';
  try {
    const { answers = [], questions = [] } = packet.decode(reply);
    const asked = packet.decode(query).questions?.[0].name;
    const [first] = answers;
    const isAnswer = answers.length === 1 && first.type === 'A' && first.data === '192.0.2.1';
    return isAnswer && questions[0].name === asked ? 'answer' : 'other';
  } catch {
    return 'other';
  }
}

function judge(behaviour: AnyBehaviour, [ours, ...theirs]: readonly Got[]): Verdict {
  const isRight = ({ outcome, milliseconds }: Got): boolean =>
    behaviour.right.includes(outcome) && milliseconds <= (behaviour.within ?? WITHIN) + LEEWAY;
  if (!isRight(ours)) return theirs.some(isRight) ? 'theirs right' : 'open';
  if (!theirs.every(isRight)) return 'ours right';
  return theirs.every(({ outcome }) => outcome === ours.outcome) ? 'same' : 'open';
}
