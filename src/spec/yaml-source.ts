import { type Document, isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument } from 'yaml';
import { type Problem, SpecificationError } from './problems.ts';
import type { SpecificationSource } from './source.ts';

/**
 * Reads YAML (of which JSON is a part).
 *
 * @param file as the user named it, for messages
 * @throws {SpecificationError} with every syntax error
 */
export function readYaml(text: string, file: string): SpecificationSource {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const place = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return { line, column: col };
  };
  const faults = [...document.errors, ...document.warnings];
  if (faults.length > 0)
    throw new SpecificationError(
      file,
      faults.map(
        ({ message, pos }): Problem => ({
          file,
          ...place(pos[0]),
          path: '',
          message: `is no valid YAML: ${firstLine(message)}`,
        }),
      ),
    );
  return {
    written: toValue(document, file),
    locate: (finding) => {
      const offset = offsetOf(document, finding.path, finding.atKey === true);
      return offset === undefined ? undefined : place(offset);
    },
  };
}

function toValue(document: Document, file: string): unknown {
  try {
    return document.toJS();
  } catch (error) {
    // Unresolved aliases, and aliases that would expand to an enormous document.
    const message = `is no valid YAML: ${firstLine(error instanceof Error ? error.message : String(error))}`;
    throw new SpecificationError(file, [{ file, path: '', message }]);
  }
}

const firstLine = (message: string) => message.split('\n')[0] ?? '';

/** Offset of the value (or key) at a path, or of the innermost thing around it that is there. */
function offsetOf(
  document: Document,
  path: readonly (string | number)[],
  atKey: boolean,
): number | undefined {
  let node: unknown = document.contents;
  let offset = rangeStart(node);
  for (const [depth, key] of path.entries()) {
    if (isAlias(node)) node = node.resolve(document);
    if (isMap(node)) {
      const pair = node.items.find((item) => keyText(item.key) === String(key));
      if (!pair) break;
      const keyOffset = rangeStart(pair.key) ?? offset;
      const last = depth === path.length - 1;
      const next: unknown = pair.value;
      // A section is best pointed at by its name when what is wrong is missing from it.
      const missesInside = !last && !isScalar(next) && !isSeq(next);
      offset = (last && atKey) || missesInside ? keyOffset : (rangeStart(next) ?? keyOffset);
      node = next;
    } else if (isSeq(node)) {
      const item: unknown = node.items[Number(key)];
      if (item === undefined) break;
      node = item;
      offset = rangeStart(item) ?? offset;
    } else break;
  }
  return offset;
}

function keyText(key: unknown): string {
  return String(isScalar(key) ? key.value : key);
}

function rangeStart(node: unknown): number | undefined {
  if (typeof node !== 'object' || node === null || !('range' in node)) return undefined;
  return Array.isArray(node.range) ? (node.range[0] as number) : undefined;
}
