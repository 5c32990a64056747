import { withLastDot } from '../dns/names.js';

/**
 * The name of a query in the presentation form of Go's DNS library, with the dot at its end. Expressions and templates of
 * a Corefile see names in this form. A blank and the characters `'@;()"` have a backslash before them.
 */
export function goName(name: string): string {
  if (!/['@;()"]|\\032/.test(name)) return withLastDot(name);
  const escaped = name.replaceAll(/\\032|\\.|['@;()"]/g, (found) => {
    if (found === '\\032') return '\\ ';
    return found.startsWith('\\') ? found : `\\${found}`;
  });
  return withLastDot(escaped);
}
