/** What stands under a chart: the same numbers, as text. The first column heads its row. */
export interface DataTable {
  readonly columns: readonly { readonly title: string; readonly numeric: boolean }[];
  readonly rows: readonly (readonly string[])[];
}

/** Columns whose title starts with `#` hold numbers. */
export function dataTable(
  titles: readonly string[],
  rows: readonly (readonly string[])[],
): DataTable {
  return {
    columns: titles.map((title) => ({
      title: title.replace(/^#/, ''),
      numeric: title.startsWith('#'),
    })),
    rows,
  };
}
