import type { AnyDefense } from '../run/plugins.ts';

const width = 100;
const facts = [
  ['encrypted', 'encrypted'],
  ['key', 'key'],
  ['the server learns', 'serverLearns'],
  ['breaks it alone', 'brokenBy'],
] as const;
const indent = ' '.repeat(4 + Math.max(...facts.map(([name]) => name.length)));

/**
 * Every defense with what it encrypts, under whose key, what the server learns and who breaks it alone
 * (`hefl list defenses`; docs/defenses.md has the same texts).
 */
export function defenseList(defenses: readonly AnyDefense[]): string {
  return defenses
    .map(({ meta, trust }) => {
      const lines = facts.map(([name, fact]) =>
        wrap(`  ${name.padEnd(indent.length - 4)}  ${trust?.[fact] ?? 'not said'}`),
      );
      return [
        `${meta.id}: ${meta.title}`,
        ...lines,
        wrap(`  ${'source'.padEnd(indent.length - 4)}  ${meta.source}`),
      ].join('\n');
    })
    .join('\n\n');
}

/** Breaks a line between words; what follows is indented. */
function wrap(line: string): string {
  const end = line.lastIndexOf(' ', width);
  return line.length <= width || end <= indent.length
    ? line
    : `${line.slice(0, end)}\n${wrap(indent + line.slice(end + 1))}`;
}
