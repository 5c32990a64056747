import type { Match } from '../../corefile/regular-expression.js';

/** `$$`, or a `$` with the number or name of a group, in braces or not. */
const REFERENCE = /\$(?:\$|\{([\p{L}\p{Nd}_]+)\}|([\p{L}\p{Nd}_]+))/gu;
const NUMBER = /^(?:0|[1-9]\d{0,8})$/;

/**
 * Fills in a template as Go's `Regexp.Expand` does: the groups of `match` in place of `$1`, `${1}`, `$name` and `${name}`,
 * nothing in place of a group that does not exist; `$$` is `$`.
 */
export function expandTemplate(template: string, { groups, named }: Match): string {
  return template.replace(REFERENCE, (_, inBraces?: string, plain?: string) => {
    const name = inBraces ?? plain;
    if (name === undefined) return '$';
    return (NUMBER.test(name) ? groups.at(Number(name)) : named.get(name)) ?? '';
  });
}
