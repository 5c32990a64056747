/** Reads zone files (RFC 1035 s.5, RFC 2308 s.4, RFC 3597 s.5; `$GENERATE` as BIND has it). */
import { statSync, type Stats } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { withCode, type CodedError } from '../../errors.js';
import { TextReader } from '../text/reader.js';
import { expand, parseRange } from './generate.js';
import { linesOf } from './lines.js';
import { ownerName, parseRecordOf, type RecordData } from '../text/record.js';
import { entriesOf, type Token } from '../text/tokens.js';

/** A record of class IN with its place in a file. */
export interface ZoneFileRecord {
  /** In the form of `lib/dns/names.ts`, with the file's upper and lower case. */
  name: string;
  /** Upper case, as `typeName` names it. */
  type: string;
  /** Seconds, 0 to 2^31 - 1. */
  ttl: number;
  data: RecordData;
  file: string;
  /** From 1. */
  line: number;
}

/** The path of a file that `$INCLUDE` in `file` names as `path`. Throws `Error` if it may not be read. */
export type Include = (path: string, file: string) => string;

/** What happens with the contents of a zone file. */
export interface ZoneFileReading {
  /** Receives each record. An error that it throws becomes a {@link zoneError} of the record's line. */
  onRecord: (record: ZoneFileRecord) => void;
  /** Receives each error of the file. Default: {@link throwFault}. */
  onFault?: OnFault;
  /** Default: any file, relative to the folder of the file that includes it. */
  include?: Include;
}

/** The files that were read, by path. The value is the file's {@link stateOf} before the read. */
export type ZoneFiles = ReadonlyMap<string, string>;

/** An error in a zone file: code `ERR_MULTISOCKET_ZONE`, message `FILE:LINE: REASON`. */
export function zoneError(file: string, line: number, reason: string, cause?: unknown): CodedError {
  return withCode(new Error(`${file}:${line}: ${reason}`, { cause }), 'ERR_MULTISOCKET_ZONE');
}

function isZoneError(error: unknown): error is CodedError {
  return (error as Partial<CodedError>).code === 'ERR_MULTISOCKET_ZONE';
}

const MAX_INCLUDE_DEPTH = 10;
/** Files that one zone includes: files that include others several times would otherwise be read without end. */
const MAX_INCLUDES = 10_000;
/** The records of a step, which takes some milliseconds. */
const STEP = 1000;

/** A text that changes when the file is written or replaced. */
export function stateOf({ mtimeMs, size, ino }: Stats): string {
  return `${mtimeMs} ${size} ${ino}`;
}

/** Receives an error. If it returns, the entry is skipped and reading continues. */
export type OnFault = (fault: CodedError) => void;

/** Throws the first error. */
export const throwFault: OnFault = (fault) => {
  throw fault;
};

const anyFile: Include = (path, file) => resolve(dirname(file), path);

/** How far a zone file has been read. */
export interface ZoneFileProgress {
  /** The number of records so far. */
  records: number;
  /** The octets that have been read, and the size of the files that have been opened. */
  octets: number;
  size: number;
}

/**
 * Reads the zone file `file` and what it includes. Names are relative to `origin` until the first `$ORIGIN`. Throws a
 * system error if `file` cannot be read.
 */
export function readZoneFile(file: string, origin: string, reading: ZoneFileReading): ZoneFiles {
  return atOnce(zoneFileSteps(file, origin, reading));
}

/** Does what {@link readZoneFile} does in steps of at most {@link STEP} records, between which the caller can do other work. */
export function* zoneFileSteps(
  file: string,
  origin: string,
  reading: ZoneFileReading,
): Generator<ZoneFileProgress, ZoneFiles> {
  const parser = new Parser(reading);
  yield* parser.read(file, origin, undefined, 0);
  return parser.files;
}

/** Reads a zone file from a text that has one character for each octet. Errors name `file`. */
export function parseZoneFile(text: string, file: string, origin: string, reading: ZoneFileReading): ZoneFiles {
  const parser = new Parser(reading);
  atOnce(parser.parse([text], file, origin, undefined, 0));
  return parser.files;
}

/** Takes all steps; returns the result. */
export function atOnce<Result>(steps: Generator<unknown, Result>): Result {
  let step = steps.next();
  while (step.done !== true) step = steps.next();
  return step.value;
}

class Parser {
  readonly files = new Map<string, string>();
  /** The value of `$TTL` (RFC 2308 s.4). */
  #defaultTtl: number | undefined;
  /** The TTL of the last record that has one (RFC 1035 s.5.1). */
  #lastTtl: number | undefined;
  #includes = 0;
  readonly #onRecord: ZoneFileReading['onRecord'];
  readonly #onFault: OnFault;
  readonly #include: Include;
  readonly #progress: ZoneFileProgress = { records: 0, octets: 0, size: 0 };

  constructor({ onRecord, onFault = throwFault, include = anyFile }: ZoneFileReading) {
    this.#onRecord = onRecord;
    this.#onFault = onFault;
    this.#include = include;
  }

  *read(file: string, origin: string, owner: string | undefined, depth: number): Generator<ZoneFileProgress> {
    const state = statSync(file);
    this.files.set(file, stateOf(state));
    this.#progress.size += state.size;
    const pieces = linesOf(file, (octets) => {
      this.#progress.octets += octets;
    });
    yield* this.parse(pieces, file, origin, owner, depth);
  }

  *parse(
    pieces: Iterable<string>,
    file: string,
    firstOrigin: string,
    firstOwner: string | undefined,
    depth: number,
  ): Generator<ZoneFileProgress> {
    let origin = firstOrigin;
    let owner = firstOwner;
    const fail = (line: number, reason: string, cause?: unknown): never => {
      throw zoneError(file, line, reason, cause);
    };
    try {
      for (const { line, indented, tokens } of entriesOf(pieces, fail)) {
        try {
          const directive = directiveOf(tokens[0], indented);
          if (directive === undefined) {
            if (!indented) owner = ownerName(tokens[0], origin);
            if (owner === undefined) throw new Error('the first record has no owner');
            this.#record(owner, indented ? tokens : tokens.slice(1), origin, file, line);
            if (this.#progress.records % STEP === 0) yield this.#progress;
            continue;
          }
          const rest = new TextReader(tokens.slice(1), origin);
          if (directive === '$ORIGIN') origin = last(rest, rest.name('the origin'));
          else if (directive === '$TTL') this.#defaultTtl = last(rest, rest.time('the TTL'));
          else if (directive === '$INCLUDE') yield* this.#readIncluded(rest, file, origin, owner, depth);
          else if (directive === '$GENERATE') yield* this.#generate(tokens, origin, file, line);
          else throw new Error(`unknown directive ${directive}: $ORIGIN, $TTL, $INCLUDE or $GENERATE`);
        } catch (error) {
          this.#onFault(isZoneError(error) ? error : zoneError(file, line, (error as Error).message, error));
        }
      }
    } catch (error) {
      // The rest of the text cannot be split into entries.
      if (!isZoneError(error)) throw error;
      this.#onFault(error);
    }
  }

  /** Reads a record without its owner. */
  #record(owner: string, tokens: readonly Token[], origin: string, file: string, line: number): void {
    const record = parseRecordOf(owner, tokens, origin);
    const { type, data } = record;
    let { ttl } = record;
    if (record.class !== 'IN') throw new Error(`the class ${record.class} is not IN`);
    if (ttl !== undefined) this.#lastTtl = ttl;
    ttl ??= this.#defaultTtl ?? this.#lastTtl;
    if (ttl === undefined && type === 'SOA') ttl = this.#lastTtl = (data as { minimum: number }).minimum;
    if (ttl === undefined) throw new Error('the record has no TTL, and neither $TTL nor an earlier record gives one');
    this.#progress.records++;
    this.#onRecord({ name: owner, type, ttl, data, file, line });
  }

  /** `$INCLUDE FILE [ORIGIN]`; its origin and TTL end with the file (RFC 1035 s.5.1). */
  *#readIncluded(
    fields: TextReader,
    file: string,
    origin: string,
    owner: string | undefined,
    depth: number,
  ): Generator<ZoneFileProgress> {
    if (depth === MAX_INCLUDE_DEPTH) throw new Error(`files include each other more than ${MAX_INCLUDE_DEPTH} deep`);
    if (this.#includes === MAX_INCLUDES) throw new Error(`more than ${MAX_INCLUDES} files are included`);
    this.#includes++;
    const included = this.#include(fields.octets('the file').toString(), file);
    const itsOrigin = fields.atEnd ? origin : fields.name('the origin');
    fields.end();
    const defaultTtl = this.#defaultTtl;
    yield* this.read(included, itsOrigin, owner, depth + 1);
    this.#defaultTtl = defaultTtl;
  }

  /**
   * `$GENERATE START-STOP[/STEP] OWNER [TTL] [CLASS] TYPE RDATA`: a record for each number, which replaces each `$`.
   */
  *#generate(tokens: readonly Token[], origin: string, file: string, line: number): Generator<ZoneFileProgress> {
    const [, range, owner, ...rest] = tokens as readonly (Token | undefined)[];
    if (range === undefined || owner === undefined) throw new Error('$GENERATE needs a range and an owner');
    for (const number of parseRange(range.text)) {
      const put = (token: Token): Token => ({ ...token, text: expand(token.text, number) });
      this.#record(ownerName(put(owner), origin), (rest as Token[]).map(put), origin, file, line);
      if (this.#progress.records % STEP === 0) yield this.#progress;
    }
  }
}

function directiveOf(token: Token, indented: boolean): string | undefined {
  return !indented && !token.quoted && token.text.startsWith('$') ? token.text.toUpperCase() : undefined;
}

function last<T>(fields: TextReader, value: T): T {
  fields.end();
  return value;
}
