import type { ForwarderConfig } from '../../options/forwarder.js';

/** The options of one use of `forward`. They can be cloned into a worker. */
export interface ForwardOptions extends ForwarderConfig {
  /** Zones whose names are forwarded; each as a query's `key`. */
  from: readonly string[];
  /** Zones whose names are not forwarded. */
  except: readonly string[];
  /** RCODEs after which the next `forward` is asked. */
  next: readonly string[];
  /** Whether the next `forward` is asked after an answer without data. */
  nextOnNodata: boolean;
}
