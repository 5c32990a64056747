import type { ResourceRecord } from '../../dns/record.js';
import { withSuffix } from '../../dns/names.js';
import { parseZoneFile, readZoneFile, type OnFault, type ZoneFileContent } from '../../dns/zone-file/zone-file.js';
import { answered, type Alias, type ZoneAnswer } from './zone-answer.js';
import { buildNodes, closestEncloser, renamed, type ZoneNode, type ZoneNodes } from './zone-nodes.js';

export type { ZoneAnswer } from './zone-answer.js';

/** The most CNAMEs in an answer: enough for real chains, and an end for loops. */
const MAX_ALIASES = 16;

/** An immutable zone in memory, with look-ups of names (RFC 1034 s.4.3.2, RFC 4592, RFC 6672). */
export class Zone {
  /** The name at its top: lower case, without the last dot. */
  readonly origin: string;
  /** The files that it was read from, by path, each with its `stateOf` right before. */
  readonly files: ReadonlyMap<string, string>;
  readonly #zone: ZoneNodes;

  private constructor({ records, files }: ZoneFileContent, origin: string, file: string) {
    this.origin = origin;
    this.files = files;
    this.#zone = buildNodes(records, origin, file);
  }

  /**
   * Reads the zone `origin` from a zone file. Throws `ERR_MULTISOCKET_ZONE` with `FILE:LINE: ` and the reason, and
   * `readFileSync`'s errors.
   */
  static read(file: string, origin: string): Zone {
    return new Zone(readZoneFile(file, origin), origin, file);
  }

  /**
   * Reads the zone to find all its errors, with which it is not served, and warnings. Throws `readFileSync`'s errors.
   */
  static check(file: string, origin: string): { faults: Error[]; warnings: readonly string[] } {
    const faults: Error[] = [];
    const onFault: OnFault = (fault) => faults.push(fault);
    const { records } = readZoneFile(file, origin, onFault);
    const read = faults.length;
    try {
      return { faults, warnings: buildNodes(records, origin, file, onFault).warnings };
    } catch (error) {
      // A line that could not be read may be the missing SOA.
      if (read === 0) faults.push(error as Error);
      return { faults, warnings: [] };
    }
  }

  /**
   * Reads the zone from a text with one character for each octet; `file` is the name in errors, `$INCLUDE` starts from
   * its folder.
   */
  static parse(text: string, origin: string, file: string): Zone {
    return new Zone(parseZoneFile(text, file, origin), origin, file);
  }

  /** SOA's serial number, 0 to 2^32 - 1. */
  get serial(): number {
    return this.#zone.serial;
  }

  /** Records of the file that were left out, each with its place and the reason. */
  get warnings(): readonly string[] {
    return this.#zone.warnings;
  }

  /** The number of records. */
  get size(): number {
    return this.#zone.size;
  }

  /**
   * The zone's answer to a question: `name` lower case in the form of `Query.key`, `type` in the form of `Query.type`,
   * class IN. Undefined for a name outside of the zone.
   *
   * Additional records are the useful ones of the zone: {@link wantedWith}. Negative answers have the SOA record with
   * the lower of its TTL and MINIMUM (RFC 2308 s.3). A chain of CNAMEs is followed inside the zone; the response code
   * is that of its end (RFC 6604 s.2.1).
   */
  lookup(name: string, type: string): ZoneAnswer | undefined {
    const found = this.#find(name, type);
    return found === undefined || 'rcode' in found ? found : this.#follow(found, type);
  }

  #find(name: string, type: string): ZoneAnswer | Alias | undefined {
    const node = this.#zone.nodes.get(name);
    if (node !== undefined) return node.answers.get(type) ?? node.otherwise;
    const encloser = closestEncloser(this.#zone.nodes, name);
    if (encloser === undefined) return undefined;
    if (encloser.delegated) return encloser.otherwise;
    if (encloser.dname !== undefined) return substitute(encloser.dname, name);
    if (encloser.wildcard !== undefined) return synthesize(encloser.wildcard, name, type);
    return this.#zone.nonexistent;
  }

  #follow(first: Alias, type: string): ZoneAnswer {
    const records = [...first.records];
    const targets = new Set<string>();
    let target = first.target;
    // The CNAME that a DNAME gives is itself an answer to the question.
    while (type !== 'CNAME' && targets.size < MAX_ALIASES && !targets.has(target)) {
      targets.add(target);
      const found = this.#find(target, type);
      if (found === undefined) return { ...answered('NOERROR', true, records), unresolved: { records, target } };
      if ('rcode' in found) {
        const { rcode, answer, authority, additional, ds } = found;
        const end = { ...answered(rcode, true, [...records, ...answer], authority, additional), ds };
        return answer.length === 0 ? { ...end, unresolved: { records, target } } : end;
      }
      records.push(...found.records.filter((record) => !records.includes(record)));
      target = found.target;
    }
    return answered('NOERROR', true, records);
  }
}

/** The CNAME that a DNAME gives to a name below it (RFC 6672 s.3.1). */
function substitute(dname: ResourceRecord, name: string): ZoneAnswer | Alias {
  const target = withSuffix(name, dname.name, dname.data as string);
  if (target === undefined) return answered('YXDOMAIN', true, [dname]);
  const cname: ResourceRecord = { name, type: 'CNAME', ttl: dname.ttl, class: 'IN', data: target };
  return { records: [dname, cname], target: target.toLowerCase() };
}

/** The answer of a wildcard for a name that does not exist (RFC 4592 s.3.3.1). */
function synthesize(wildcard: ZoneNode, name: string, type: string): ZoneAnswer | Alias {
  const found = wildcard.answers.get(type) ?? wildcard.otherwise;
  if (!('rcode' in found)) return { ...found, records: renamed(found.records, name) };
  if (found.answer.length === 0) return found;
  return answered(found.rcode, found.authoritative, renamed(found.answer, name), found.authority, found.additional);
}
