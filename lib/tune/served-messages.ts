/** The messages between `tune` and the process with the server that it measures. */
import type { ServerStatistics } from '../server/statistics.js';

/** The user's own server: a Corefile, or a handler module. Paths are absolute. */
export type ServedSource = { corefile: string; dnsPort?: number } | { handler: string };

/** An order to serve a source, with that number of sockets, at this address in place of its own. */
export interface ServeOrder {
  source: ServedSource;
  sockets: number;
  address: string;
  /** 0: the system chooses. */
  port: number;
}

/** To the process. It closes the server and ends when the channel is closed. */
export type ToServed = { kind: 'serve'; order: ServeOrder } | { kind: 'state' };

/** The server and its process at one moment. */
export interface ServedState {
  stats: ServerStatistics;
  /** CPU time of the process since its start, in ms. */
  cpu: number;
  /** Memory of the process in bytes; pages that it shares with others by its share. */
  memory: number;
}

/** From the process. */
export type FromServed =
  | { kind: 'serving'; port: number }
  | { kind: 'state'; state: ServedState }
  | { kind: 'warning'; message: string }
  | { kind: 'failed'; message: string };
