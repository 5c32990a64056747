import { readFileSync } from 'node:fs';

/** Names that lists in the form of a hosts file have for the host itself. */
const OWN_NAMES = new Set([
  'localhost',
  'localhost.localdomain',
  'local',
  'broadcasthost',
  'ip6-localhost',
  'ip6-loopback',
]);
const ADDRESS = /^[\d.]+$|:/;

/**
 * Reads a block list: a name on each line, or an address and names as in a hosts file; `#` starts a comment. Returns a
 * function that tells whether a name, in lower case, is in the list or below a name of it.
 */
export function readBlockList(path) {
  const names = new Set();
  for (const line of readFileSync(path, 'utf8').split('\n')) {
    const words = line.split('#')[0].trim().toLowerCase().split(/\s+/);
    for (const word of words) {
      const name = word.replace(/\.$/, '');
      if (name !== '' && !ADDRESS.test(name) && !OWN_NAMES.has(name)) names.add(name);
    }
  }
  return (name) => {
    let at = 0;
    do {
      if (names.has(name.slice(at))) return true;
      at = name.indexOf('.', at) + 1;
    } while (at > 0);
    return false;
  };
}
