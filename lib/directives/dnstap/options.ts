import type { Collector } from './frame-stream.js';

/** A use of the directive. */
export interface TapOptions {
  collector: Collector;
  /** Whether messages have the query and the reply in wire format. */
  full: boolean;
  /** The most messages that wait for the collector. */
  queue: number;
  identity: string;
  version: string;
  /** A text with fields in braces; undefined: none. */
  extra: string | undefined;
}
