/** Short forms of what a Corefile's parser returns. */
import { parseCorefile, type DirectiveSyntax, type ParsedCorefile } from '../../dist/corefile/parser.js';

/** A line as an array: its words, then an array with the lines of its block. */
export type ShortLine = (string | ShortLine[])[];

export function shortLine({ name, args, block }: DirectiveSyntax): ShortLine {
  return [name.text, ...args.map(({ text }) => text), ...(block === undefined ? [] : [block.map(shortLine)])];
}

/** Each server block as its keys and its lines. */
export function short({ blocks }: ParsedCorefile): [string[], ShortLine[]][] {
  return blocks.map(({ keys, directives }) => [keys.map(({ text }) => text), directives.map(shortLine)]);
}

/** Parses with any directive allowed but `unknown`. Throws the first fault. */
export function parseAny(text: string, environment: Record<string, string> = {}, file = 'Corefile'): ParsedCorefile {
  const unknown = (name: string): string | undefined =>
    name === 'unknown' ? `Unknown directive '${name}'` : undefined;
  const parsed = parseCorefile(text, { file, environment, unknown });
  for (const fault of parsed.faults) throw fault;
  return parsed;
}
