/** The handler module of servers that run a Corefile: it runs the server blocks. */
import { ZoneReplica } from '../authority/served-zones.js';
import { nativeMissing, type AnswerCache, type ZoneTable } from '../native/addon.js';
import { cacheModes, isNative } from '../corefile/cache-modes.js';
import { Chain } from '../corefile/chain.js';
import type { Endpoint } from '../message/batch.js';
import type { HandlerContext } from '../message/handler.js';
import type { Query } from '../message/query.js';
import type { Reply } from '../message/reply.js';
import '../directives/index.js';
import { RequestRecorder } from '../directives/prometheus/recorder.js';
import { AddressZones } from './address-zones.js';
import type { CorefileWork, OwnerMessage, WorkerMessage } from './messages.js';
import { Router } from './router.js';

/** Milliseconds between checks of directives that are not ready. */
const READY_INTERVAL = 100;
const CLASS_IN = 1;

let chains: Chain[] = [];
let router = new Router<Chain>([], []);
/** Counts the queries that no server block answers, if a block has `prometheus`. */
let outside: RequestRecorder | undefined;
/** For answers that need no chain. */
let fronts = new Router<AnswerCache | undefined>([], []);
/** For each address, the zones that need no chain; undefined: none. */
let answered: readonly (AddressZones | undefined)[] = [];

/** Loads the modules with directives, then starts the server blocks. Rejects with the first error of a start. */
export async function setup(context: HandlerContext): Promise<void> {
  const work = context.workerData as CorefileWork;
  const { corefile, modules, zones = new Map() } = work;
  for (const module of modules) await import(/* webpackIgnore: true */ module);
  const served = new ZoneReplica(zones);
  work.zones = undefined;
  context.on('message', (message) => {
    served.update(message as OwnerMessage);
  });
  const { index, logger, maxPayloadSize, signal } = context;
  const say = (message: WorkerMessage): void => {
    context.postMessage(message);
  };
  const runtime = {
    index,
    logger,
    maxPayloadSize,
    signal,
    served,
    serverOf: (query: Query) => router.serverOf(query),
    fatal: (error: Error & { code?: string }) => {
      say({ kind: 'fatal', message: error.message, code: error.code });
    },
    tell: (directive: string, message: unknown) => {
      say({ kind: 'directive', directive, message });
    },
  };
  try {
    for (const block of corefile.blocks) chains.push(await Chain.start(block, runtime));
  } catch (error) {
    await close();
    throw error;
  }
  router = new Router(corefile.addresses, chains);
  const modes = cacheModes(corefile);
  const answers = chains.map((chain, block) => (isNative(modes[block]) ? chain.answers : undefined));
  fronts = new Router(corefile.addresses, answers);
  const own = chains.map(({ answerZones }) => (nativeMissing === undefined ? answerZones : []));
  answered = corefile.addresses.map((address) =>
    address.zones.some(({ block }) => own[block].length > 0) ? new AddressZones(address, own) : undefined,
  );
  const has = (directive: string): boolean =>
    corefile.blocks.some(({ directives }) => directives.some(({ name }) => name === directive));
  if (has('prometheus')) {
    const tell = (message: unknown): void => {
      runtime.tell('prometheus', message);
    };
    outside = new RequestRecorder({ serverOf: runtime.serverOf, tell, zones: [], metrics: () => [] }, 'dropped');
  }
  tellUntilReady(say, signal);
}

/** Answers a query by the server block of its zone. */
export default function handle(query: Query, reply: Reply): void | Promise<void> {
  const chain = router.find(query);
  if (query.opcode !== 'QUERY' && chain !== undefined) return chain.handleOther(query, reply);
  if (chain !== undefined && (query.classNumber === CLASS_IN || chain.anyClass)) return chain.handle(query, reply);
  if (outside === undefined) refuse(query, reply);
  else return outside.handle(query, reply, refuse);
}

function refuse(_: Query, reply: Reply): void {
  reply.rcode = 'REFUSED';
}

/** The caches that may answer in place of the chains at an address. */
export function caches(local: Endpoint): AnswerCache[] {
  return fronts.at(local).filter((cache) => cache !== undefined);
}

/** The zones that native code answers in place of the chains at an address. */
export function zones(local: Endpoint): ZoneTable | undefined {
  const index = router.indexAt(local);
  return index === undefined ? undefined : answered[index]?.native.table;
}

/** Whether directives look at the TSIG records of queries. */
export function checksSignatures(): boolean {
  return chains.some((chain) => chain.checksSignatures);
}

/** Closes the server blocks. Rejects with the first error of a directive, after all are closed. */
export async function close(): Promise<void> {
  outside?.close();
  outside = undefined;
  const closing = chains.map((chain) => chain.close());
  chains = [];
  answered = [];
  for (const result of await Promise.allSettled(closing)) if (result.status === 'rejected') throw result.reason;
}

/** Reports the directives that are not ready, now and at each change, until all are ready. */
function tellUntilReady(say: (message: WorkerMessage) => void, signal: AbortSignal): void {
  let reported: string | undefined;
  const look = (): void => {
    const directives = chains.flatMap((chain) => chain.unready());
    if (directives.join() !== reported) say({ kind: 'unready', directives });
    reported = directives.join();
    if (directives.length === 0) clearInterval(timer);
  };
  const timer = setInterval(look, READY_INTERVAL).unref();
  signal.addEventListener('abort', () => {
    clearInterval(timer);
  });
  look();
}
