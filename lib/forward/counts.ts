/** What an engine counts. */
import { emptyHistogram, observe, TIME_BUCKETS, type Histogram } from '../histogram.js';

/** The counts that belong to no single upstream. */
export class EngineCounts {
  /** Queries that were refused, because too many waited. */
  rejects = 0;
  /** Queries that found all upstreams down, and were sent to one of them nevertheless. */
  broken = 0;

  /** Returns the counts, and starts again at 0. */
  take(): EngineCounts {
    const taken = Object.assign(new EngineCounts(), this);
    this.rejects = this.broken = 0;
    return taken;
  }
}

/** The counts of one upstream. */
export class UpstreamCounts {
  healthCheckFailures = 0;
  /** Queries that found a connection, and those that had to open one. */
  connectionHits = 0;
  connectionMisses = 0;
  /** By RCODE: how long its answers took, in seconds. */
  durations = new Map<number, Histogram>();

  /** Counts an answer. */
  answered(rcode: number, milliseconds: number): void {
    let histogram = this.durations.get(rcode);
    if (histogram === undefined) this.durations.set(rcode, (histogram = emptyHistogram(TIME_BUCKETS)));
    observe(histogram, TIME_BUCKETS, milliseconds / 1000);
  }

  /** Returns the counts, and starts again at 0. */
  take(): UpstreamCounts {
    const taken = Object.assign(new UpstreamCounts(), this);
    this.durations = new Map();
    this.healthCheckFailures = this.connectionHits = this.connectionMisses = 0;
    return taken;
  }
}
