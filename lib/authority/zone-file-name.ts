import { createHash } from 'node:crypto';

/** Names of zones that are longer as a file's name are shortened, with a hash. A folder takes names of 255 octets. */
const MAX_PLAIN = 180;

/**
 * The name of a zone as part of a file's name: other characters than letters, digits, `-`, `_` and `.`, and a dot in front,
 * are `%` and two digits, so that no name of a zone leads out of a folder. `origin`: in the form of `Query.key`.
 */
export function zoneFileName(origin: string): string {
  const encoded = origin.replaceAll(
    /[^a-z0-9_.-]|^\./g,
    (character) => `%${character.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
  if (encoded.length <= MAX_PLAIN) return encoded;
  return `${encoded.slice(0, MAX_PLAIN)}~${createHash('sha256').update(origin).digest('hex')}`;
}
