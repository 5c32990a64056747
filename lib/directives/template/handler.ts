/** Answers that are made from the question. */
import type { WorkerPart } from '../../corefile/directive.js';
import { isIn, withLastDot } from '../../dns/zone-name.js';
import type { Query } from '../../message/query.js';
import type { ResourceRecord } from '../../dns/record.js';
import type { Rcode } from '../../dns/registry.js';
import { parseZoneFile } from '../../dns/zone-file/zone-file.js';
import { fillIn, type Piece, type TemplateData } from './template-text.js';

/** Where a record goes. */
export type Section = 'answer' | 'authority' | 'additional';

/** One `template`. */
export interface Template {
  /** Undefined: any. */
  qclass: number | undefined;
  qtype: number | undefined;
  zones: string[];
  /** One of them has to match the name, which ends with a dot. */
  patterns: RegExp[];
  records: Record<Section, Piece[][]>;
  rcode: Rcode;
  ede: { code: number; text: string } | undefined;
  fallthrough: string[];
}

/** Seconds, for records without a TTL; as Go's DNS library has it. */
const DEFAULT_TTL = 3600;

/** Tries the templates in order. */
export function startTemplates(templates: Template[]): WorkerPart {
  return {
    handle(query, reply, next) {
      for (const template of templates) {
        const outcome = match(template, query);
        if (outcome === 'next') continue;
        if (outcome === undefined) {
          reply.rcode = 'SERVFAIL';
          return;
        }
        const { records, rcode, ede } = template;
        reply.authoritative = true;
        reply.rcode = rcode;
        if (ede !== undefined) reply.ede(ede.code, ede.text);
        reply.answer(...recordsOf(records.answer, outcome));
        reply.authority(...recordsOf(records.authority, outcome));
        reply.additional(...recordsOf(records.additional, outcome));
        return;
      }
      return next(query, reply);
    },
  };
}

/** What the template is filled in with; undefined when it is this template's question and not one that it answers. */
function match(template: Template, query: Query): TemplateData | 'next' | undefined {
  const { qclass, qtype, patterns, fallthrough } = template;
  if ((qclass ?? query.classNumber) !== query.classNumber || (qtype ?? query.typeNumber) !== query.typeNumber)
    return 'next';
  const zone = template.zones.filter((name) => isIn(query.key, name)).sort((a, b) => b.length - a.length)[0] as
    string | undefined;
  if (zone === undefined) return 'next';
  const name = withLastDot(query.name);
  for (const pattern of patterns) {
    const found = pattern.exec(name);
    if (found === null) continue;
    return {
      Name: name,
      Zone: withLastDot(zone),
      Class: query.class,
      Type: query.type,
      Remote: query.client.address,
      Match: found,
      Group: found.groups ?? {},
    };
  }
  return fallthrough.some((above) => isIn(query.key, above)) ? 'next' : undefined;
}

/** Throws `ERR_MULTISOCKET_ZONE` for what is no record once it is filled in. */
function recordsOf(texts: readonly Piece[][], data: TemplateData): ResourceRecord[] {
  return texts.flatMap((pieces) =>
    parseZoneFile(`$TTL ${DEFAULT_TTL}\n${fillIn(pieces, data)}\n`, 'template', '.').records.map(
      ({ name, type, ttl, data: rdata }) => ({ name, type, ttl, data: rdata }) as ResourceRecord,
    ),
  );
}
