/** Numbers and tables for people. */

/** `24,100`. */
export function whole(number: number): string {
  return Math.round(number).toLocaleString('en-US');
}

/** `12.3 MB`. */
export function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

/** Three significant figures: `0.123`, `1.23`, `12.3`, `1,234`. */
export function short(number: number): string {
  if (number >= 100) return whole(number);
  return number.toFixed(number >= 10 ? 1 : number >= 1 ? 2 : 3);
}

/** Lines of a table: the first row is its head; the first column is left-aligned, the others right-aligned. */
export function table(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  return rows.map((row) =>
    row
      .map((text, column) => (column === 0 ? text.padEnd(widths[column]) : text.padStart(widths[column])))
      .join('  ')
      .trimEnd(),
  );
}
