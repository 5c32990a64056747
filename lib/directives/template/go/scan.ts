/** Splits a template of Go's text/template into text and actions, and actions into tokens. */

/** The text between actions, or the text in `{{ }}`. */
export interface Part {
  kind: 'text' | 'action';
  text: string;
  /** From 1. */
  line: number;
}

/** A word of an action. `space`: white space stands before it, which ends an operand. */
export interface Token {
  kind: 'field' | 'variable' | 'word' | 'number' | 'string' | 'character' | 'symbol';
  text: string;
  space: boolean;
}

/** The error of a template, in Go's words. */
export function templateError(name: string, line: number, reason: string): Error {
  return new Error(`template: ${name}:${line}: ${reason}`);
}

// An action ends at the first braces outside of its strings.
const ACTION =
  /\{\{(?<left>-(?=\s))?(?:\s*(?<comment>\/\*[^]*?\*\/)\s*|(?<body>(?:"(?:\\.|[^"\\\n])*"|`[^`]*`|'(?:\\.|[^'\\\n])*'|(?!\}\}|\s-\}\})[^"'`])*))(?<right>\s-)?\}\}/y;

/** The parts of `text`; `name` is for errors. Comments are left out. */
export function scanTemplate(name: string, text: string): Part[] {
  const parts: Part[] = [];
  let at = 0;
  let trim = false;
  for (;;) {
    const start = text.indexOf('{{', at);
    const line = text.slice(0, start < 0 ? text.length : start).split('\n').length;
    ACTION.lastIndex = start;
    const found = start < 0 ? null : ACTION.exec(text);
    if (start >= 0 && found === null) throw templateError(name, line, 'unclosed action');
    const groups: Partial<Record<string, string>> = found?.groups ?? {};
    let before = text.slice(at, start < 0 ? undefined : start);
    if (trim) before = before.trimStart();
    if (groups.left !== undefined) before = before.trimEnd();
    if (before !== '') parts.push({ kind: 'text', text: before, line });
    if (found === null) return parts;
    if (groups.body !== undefined) parts.push({ kind: 'action', text: groups.body, line });
    trim = groups.right !== undefined;
    at = ACTION.lastIndex;
  }
}

const TOKEN =
  /(?<space>\s+)|(?<string>"(?:\\.|[^"\\\n])*"|`[^`]*`)|(?<character>'(?:\\.|[^'\\\n])*')|(?<number>[+-]?(?:0[xX][\da-fA-F_]+|0[bB][01_]+|0[oO][0-7_]+|\d[\d_]*(?:\.\d*)?(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?))|(?<field>\.[\p{L}_][\p{L}\p{Nd}_]*)|(?<variable>\$[\p{L}\p{Nd}_]*)|(?<word>[\p{L}_][\p{L}\p{Nd}_]*)|(?<symbol>:=|[=|(),.])/uy;

/** The tokens of an action. */
export function scanAction(name: string, { text, line }: Part): Token[] {
  const tokens: Token[] = [];
  let space = true;
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.length) {
    const at = TOKEN.lastIndex;
    const found = TOKEN.exec(text);
    if (found === null) throw templateError(name, line, `unexpected ${JSON.stringify(text[at])} in action`);
    const [kind, token] = Object.entries(found.groups ?? {}).find(
      ([, value]) => (value as string | undefined) !== undefined,
    ) as [Token['kind'] | 'space', string];
    if (kind !== 'space') tokens.push({ kind, text: token, space });
    space = kind === 'space';
  }
  return tokens;
}
