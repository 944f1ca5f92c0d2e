/** Rows as aligned columns; the first row is the heading. Numbers (cells `true` in `right`) end flush. */
export function textTable(
  rows: readonly (readonly string[])[],
  right: readonly boolean[] = [],
): string {
  const widths: number[] = [];
  for (const row of rows)
    row.forEach((cell, column) => {
      widths[column] = Math.max(widths[column] ?? 0, cell.length);
    });
  return rows
    .map((row) =>
      row
        .map((cell, column) => {
          const width = widths[column] ?? 0;
          return right[column] ? cell.padStart(width) : cell.padEnd(width);
        })
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
