import { unescape } from '../../dns/escapes.js';
import { labelsOf } from '../../dns/names.js';

/**
 * A name in the form of `Query.key` as part of a file's name, with the last dot, as `dnssec-keygen` writes it: octets
 * other than letters, digits, `-` and `_` are `%2F`.
 */
export function fileText(name: string): string {
  if (name === '.') return name;
  const labels = labelsOf(name).map((label) => unescape(label).replaceAll(/[^\w-]/g, percent));
  return `${labels.join('.')}.`;
}

function percent(octet: string): string {
  return `%${octet.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;
}
