/** Orders the records of answers. */
import { isIP } from 'node:net';
import type { WorkerDirective, WorkerRuntime } from '../../corefile/directive.js';
import { normalizeName } from '../../dns/names.js';
import { NetworkSet, type Network } from '../../dns/networks.js';
import type { Query } from '../../message/query.js';
import type { ResourceRecord } from '../../dns/record.js';
import { after } from '../after.js';
import { canonical, readWeights, tryWeights, type WeightsFile, type Weights } from './weights.js';

/** The options of `loadbalance`. */
export interface LoadbalanceConfig {
  /** The file of weights; undefined: a random order. */
  weighted: WeightsFile | undefined;
  /** Networks whose addresses come first, the most preferred first. */
  prefer: Network[];
}

type Order = (records: ResourceRecord[]) => ResourceRecord[];

const ADDRESSES: readonly string[] = ['A', 'AAAA'];
const WEIGHTED: readonly string[] = [...ADDRESSES, 'SRV'];
const TRANSFERS: readonly string[] = ['AXFR', 'IXFR'];

/**
 * Starts it. Throws the error of an invalid file of weights, unless the file cannot be read and will be tried again.
 */
export function startLoadbalance(
  { weighted, prefer }: LoadbalanceConfig,
  runtime: Pick<WorkerRuntime, 'logger'>,
): WorkerDirective {
  const file = weighted === undefined ? undefined : new WeightFile(weighted, runtime.logger);
  const preferred = prefer.length === 0 ? (records: ResourceRecord[]) => records : preferring(prefer);
  const order: Order = (records) => preferred(file === undefined ? shuffled(records) : file.order(records));
  const concerns = ({ type }: Query): boolean =>
    !TRANSFERS.includes(type) && (file === undefined || prefer.length > 0 || WEIGHTED.includes(type));
  return {
    handle: (query, reply, next) =>
      after(next(query, reply), () => {
        if (reply.rcode !== 'NOERROR' || !concerns(query)) return;
        if (reply.answers.length > 1) reply.answers = order([...reply.answers]);
        if (reply.additionals.length > 1) reply.additionals = order([...reply.additionals]);
      }),
    close: () => file?.close(),
  };
}

/** The records in the order CNAME, others, addresses, MX; `addresses` and `exchanges` order those of a kind. */
function arranged(records: ResourceRecord[], addresses: Order, exchanges: Order): ResourceRecord[] {
  const of = (...types: string[]): ResourceRecord[] => records.filter(({ type }) => types.includes(type));
  const others = records.filter(({ type }) => type !== 'CNAME' && type !== 'MX' && !ADDRESSES.includes(type));
  return [...of('CNAME'), ...others, ...addresses(of(...ADDRESSES)), ...exchanges(of('MX'))];
}

function shuffled(records: ResourceRecord[]): ResourceRecord[] {
  return arranged(records, shuffle, shuffle);
}

function shuffle(records: ResourceRecord[]): ResourceRecord[] {
  for (let i = records.length - 1; i > 0; i--) swap(records, i, Math.floor(Math.random() * (i + 1)));
  return records;
}

function swap(records: ResourceRecord[], i: number, j: number): void {
  [records[i], records[j]] = [records[j], records[i]];
}

/** Addresses of preferred networks before all others, in the earlier order within a network. */
function preferring(networks: LoadbalanceConfig['prefer']): Order {
  const sets = networks.map((network) => new NetworkSet([network]));
  const rank = (record: ResourceRecord): number => {
    const address = addressOf(record);
    const found = address === undefined ? -1 : sets.findIndex((set) => set.has(address));
    return found < 0 ? sets.length : found;
  };
  const byRank: Order = (addresses) => addresses.sort((a, b) => rank(a) - rank(b));
  return (records) => arranged(records, byRank, (exchanges) => exchanges);
}

/** A file of weights that is read repeatedly. Each address comes first in proportion to its weight. */
class WeightFile {
  readonly #file: string;
  readonly #logger: WorkerRuntime['logger'];
  readonly #timer: NodeJS.Timeout | undefined;
  #weights: Weights;

  constructor({ file, reload }: WeightsFile, logger: WorkerRuntime['logger']) {
    this.#file = file;
    this.#logger = logger;
    const { weights, fault } = tryWeights({ file, reload });
    this.#weights = weights;
    if (fault !== undefined) logger.warn(`plugin/loadbalance: ${fault}`);
    if (reload > 0) {
      this.#timer = setInterval(() => {
        this.#read();
      }, reload).unref();
    }
  }

  /** Moves one address to the front, chosen at random by weight; addresses without a weight have 1. */
  order(records: ResourceRecord[]): ResourceRecord[] {
    if (!records.some(({ type }) => ADDRESSES.includes(type))) return records;
    return arranged(
      records,
      (addresses) => {
        swap(addresses, 0, this.#choose(addresses));
        return addresses;
      },
      (exchanges) => exchanges,
    );
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #choose(addresses: readonly ResourceRecord[]): number {
    const weights = addresses.map((record) => {
      const address = addressOf(record);
      const ofName = this.#weights.get(normalizeName(record.name) ?? '');
      return (address === undefined ? undefined : ofName?.get(address)) ?? 1;
    });
    let left = Math.random() * weights.reduce((sum, weight) => sum + weight, 0);
    return Math.max(
      0,
      weights.findIndex((weight) => (left -= weight) < 0),
    );
  }

  /** Keeps the earlier weights on an error. */
  #read(): void {
    try {
      this.#weights = readWeights(this.#file);
    } catch (error) {
      this.#logger.error(`plugin/loadbalance: ${(error as Error).message}`);
    }
  }
}

/** The address of an A or AAAA record in canonical form; undefined for RDATA in another form. */
function addressOf({ data }: ResourceRecord): string | undefined {
  return typeof data === 'string' && isIP(data) !== 0 ? canonical(data) : undefined;
}
