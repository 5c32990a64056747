import { RegularExpression } from '../../corefile/regular-expression.js';
import type { Handler, Logger } from '../../message/handler.js';
import type { Query } from '../../message/query.js';
import { rcodeNumber } from '../../dns/registry.js';
import { printable } from '../../message/printable.js';
import type { Reply } from '../../message/reply.js';

/** Errors that are only counted for a period. */
export interface Consolidation {
  /** Milliseconds from the first of them to the report; 0: at once. */
  period: number;
  /** What their messages match: a regular expression. */
  pattern: string;
  level: keyof Logger;
  /** Whether the first one is logged at once. */
  showFirst: boolean;
}

/** The options of the directive `errors`. */
export interface ErrorLogOptions {
  /** Whether the stack is logged too. */
  stacktrace: boolean;
  /** Of those that match, the first one counts. */
  consolidate: Consolidation[];
}

interface Counted extends Consolidation {
  matcher: RegularExpression;
  count: number;
  timer: NodeJS.Timeout | undefined;
}

/** Logs the errors of the directives behind it, and answers SERVFAIL for them. */
export class ErrorLog {
  readonly #stacktrace: boolean;
  readonly #consolidate: Counted[];
  readonly #logger: Logger;

  constructor({ stacktrace, consolidate }: ErrorLogOptions, logger: Logger) {
    this.#stacktrace = stacktrace;
    this.#consolidate = consolidate.map((each) => ({
      ...each,
      matcher: new RegularExpression(each.pattern),
      count: 0,
      timer: undefined,
    }));
    this.#logger = logger;
  }

  handle(query: Query, reply: Reply, next: Handler): void | Promise<void> {
    try {
      const answered = next(query, reply);
      if (answered === undefined) {
        this.#look(query, reply);
        return;
      }
      return answered.then(
        () => {
          this.#look(query, reply);
        },
        (error: unknown) => {
          this.#fail(query, reply, error);
        },
      );
    } catch (error) {
      this.#fail(query, reply, error);
    }
  }

  /** Reports the pending counts. */
  close(): void {
    for (const counted of this.#consolidate) this.#report(counted);
  }

  /** Handles an error that a directive threw. */
  #fail(query: Query, reply: Reply, error: unknown): void {
    reply.fail('SERVFAIL');
    this.#log(query, reply, error);
  }

  /** Logs why a directive failed, if it said so. */
  #look(query: Query, reply: Reply): void {
    if (reply.cause !== undefined) this.#log(query, reply, reply.cause);
  }

  #log({ name, type }: Query, { rcode }: Reply, error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error);
    const message = `${rcodeNumber(rcode)} ${name === '.' ? name : `${name}.`} ${type}: ${printable(reason)}`;
    const counted = this.#consolidate.find(({ matcher }) => matcher.test(reason));
    if (counted === undefined) this.#logger.error(`plugin/errors: ${message}`);
    else this.#count(counted, message);
    if (this.#stacktrace && counted === undefined && error instanceof Error && error.stack !== undefined) {
      this.#logger.error(`${error.name}: ${printable(reason)}\n${callsOf(error.stack)}`);
    }
  }

  #count(counted: Counted, message: string): void {
    if (++counted.count > 1) return;
    if (counted.showFirst) this.#logger[counted.level](`plugin/errors: ${message}`);
    counted.timer = setTimeout(() => {
      this.#report(counted);
    }, counted.period).unref();
  }

  #report(counted: Counted): void {
    const { count, level, pattern, period, showFirst } = counted;
    clearTimeout(counted.timer);
    counted.count = 0;
    if (count > (showFirst ? 1 : 0)) {
      this.#logger[level](`plugin/errors: ${count} errors like '${pattern}' occurred in last ${period / 1000}s`);
    }
  }
}

/** The calls that led to an error, without its message, which may contain a client's text. */
function callsOf(stack: string): string {
  return stack
    .split('\n')
    .filter((line) => /^\s+at /.test(line))
    .map(printable)
    .join('\n');
}
