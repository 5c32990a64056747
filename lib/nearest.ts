/** The word that was probably meant. */

/**
 * The one of `known` that takes the fewest changes to become `word`: characters added, dropped, replaced, or swapped with
 * their neighbour. Of several, the one with the fewest letters that `word` lacks. Case does not count. Undefined when that
 * is more than a third of the word.
 */
export function nearest(word: string, known: readonly string[]): string | undefined {
  const most = Math.ceil(word.length / 3);
  const meant = word.toLowerCase();
  const ranked = known
    .map((candidate) => {
      const letters = candidate.toLowerCase();
      const others = letters.split('').filter((letter) => !meant.includes(letter)).length;
      return { candidate, changes: distance(meant, letters), others };
    })
    .sort((a, b) => a.changes - b.changes || a.others - b.others);
  return ranked.length > 0 && ranked[0].changes <= most ? ranked[0].candidate : undefined;
}

/** The optimal string alignment distance of two words. */
function distance(a: string, b: string): number {
  const rows = [Array.from({ length: b.length + 1 }, (_, column) => column)];
  for (let i = 1; i <= a.length; i++) {
    rows.push([i]);
    for (let j = 1; j <= b.length; j++) {
      const replaced = rows[i - 1][j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1);
      rows[i][j] = Math.min(replaced, rows[i - 1][j] + 1, rows[i][j - 1] + 1);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        rows[i][j] = Math.min(rows[i][j], rows[i - 2][j - 2] + 1);
      }
    }
  }
  return rows[a.length][b.length];
}
