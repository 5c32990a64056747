/** The part of Go's text/template that the directive `template` needs. */
import type { DirectiveReader } from '../../corefile/reader.js';

/** What a template can name. Names of the question end with a dot. */
export interface TemplateData {
  Name: string;
  Zone: string;
  Class: string;
  Type: string;
  Remote: string;
  Match: readonly string[];
  Group: Readonly<Record<string, string>>;
}

/** Text between actions, or an action: a field, or an element of `Match` or `Group`. */
export type Piece =
  { text: string } | { field: 'Name' | 'Zone' | 'Class' | 'Type' | 'Remote' } | { match: number } | { group: string };

const FIELDS: readonly string[] = ['Name', 'Zone', 'Class', 'Type', 'Remote'];

/**
 * Reads a template: `{{ .Name }}`, `.Zone`, `.Class`, `.Type`, `.Remote`, `.Group.NAME`, `index .Group "NAME"` and
 * `index .Match NUMBER`. Throws the line's error for any other action.
 */
export function parseTemplate(line: DirectiveReader, text: string): Piece[] {
  return text.split(/(\{\{.*?\}\})/s).flatMap((part): Piece[] => {
    if (part === '') return [];
    if (!part.startsWith('{{')) return [{ text: part }];
    const action = part.slice(2, -2).replace(/^-?\s*|\s*-?$/g, '');
    const [, field] = /^\.(\w+)$/.exec(action) ?? [];
    if (FIELDS.includes(field)) return [{ field } as Piece];
    const [, dotted, quoted] = /^(?:\.Group\.(\w+)|index \.Group "(\w+)")$/.exec(action) ?? [];
    const group = (dotted as string | undefined) ?? quoted;
    if ((group as string | undefined) !== undefined) return [{ group }];
    const [, index] = /^index \.Match (\d+)$/.exec(action) ?? [];
    if ((index as string | undefined) !== undefined) return [{ match: Number(index) }];
    throw line.error(`the action ${JSON.stringify(part)} is not supported`);
  });
}

/** Fills a template in. */
export function fillIn(pieces: readonly Piece[], data: TemplateData): string {
  let text = '';
  for (const piece of pieces) {
    if ('text' in piece) text += piece.text;
    else if ('field' in piece) text += data[piece.field];
    else if ('group' in piece) text += data.Group[piece.group] ?? '';
    else text += data.Match[piece.match] ?? '';
  }
  return text;
}
