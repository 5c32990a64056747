/** Which names are in which zones; all in the form of a query's `key`. */

/** Whether a name is one of `zones` or below one. */
export function isInZones(name: string, zones: readonly string[]): boolean {
  for (const zone of zones) if (isIn(name, zone)) return true;
  return false;
}

function isIn(name: string, zone: string): boolean {
  if (zone === '.') return true;
  if (!name.endsWith(zone)) return false;
  const before = name.length - zone.length;
  return before === 0 || (name[before - 1] === '.' && !isEscaped(name, before - 1));
}

/** Whether the character at `at` stands behind an odd number of backslashes (RFC 1035 s.5.1). */
function isEscaped(name: string, at: number): boolean {
  let backslashes = 0;
  while (name[at - 1 - backslashes] === '\\') backslashes++;
  return backslashes % 2 === 1;
}
