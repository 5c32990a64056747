import type { NativeZoneImage } from '../native/addon.js';

/** A zone of a directive. */
export interface AnswerZone {
  /** Its name, in the form of `Query.key`. */
  readonly origin: string;
  /** Undefined: it is not loaded, and the directive's handler answers. */
  readonly image: NativeZoneImage | undefined;
  /** Whether the directive may leave names without records to the next handler. */
  readonly leavesVacant: boolean;
}

/** The zones of a directive, from which native code may answer in its place. They may change at any time. */
export interface AnswerZones {
  /** All of them, in any order, each name once. */
  all(): Iterable<AnswerZone>;
  /** The longest zone that contains a name; undefined: none. */
  find(name: string): AnswerZone | undefined;
  /** Calls `listener` with the name of each zone that was added, replaced or removed from now on. */
  onChange(listener: (origin: string) => void): void;
}
