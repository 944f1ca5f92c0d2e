/**
 * JSON that may stand inside a `<script>` element: no `<` (which could end the element or open a
 * comment), no U+2028 or U+2029. Infinities and NaN, which JSON lacks, become strings.
 */
export function safeJson(value: unknown): string {
  const text = JSON.stringify(value, (_key, item: unknown) =>
    typeof item === 'number' && !Number.isFinite(item) ? String(item) : item,
  );
  return text
    .replaceAll('<', '\\u003c')
    .replaceAll('\u2028', '\\u2028')
    .replaceAll('\u2029', '\\u2029');
}
