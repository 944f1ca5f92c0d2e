import type { Catalogue } from './catalogue.ts';
import { distinct } from './plugin-use.ts';
import { type Finding, formatPath } from './problems.ts';
import { type Validation, validateExperiment } from './validate-experiment.ts';
import { writtenSpecification } from './written.ts';

/**
 * Checks a written specification, and the experiments that it has besides (`also`), against the
 * schema, the plug-ins' own schemas and themselves.
 *
 * @param defaultName used where the specification names itself neither
 */
export function validate(written: unknown, catalogue: Catalogue, defaultName: string): Validation {
  if (!isSection(written) || written.also === undefined)
    return validateExperiment(written, catalogue, defaultName, writtenSpecification);
  const { also, ...first } = written;
  const main = validateExperiment(first, catalogue, defaultName, writtenSpecification);
  const known = findingsIn(main);
  const names = [typeof first.name === 'string' ? first.name : defaultName];
  const others = listOf(also).map((other, at): Validation => {
    const findings = misplaced(other, ['also', at]);
    if (findings.length > 0 || !isSection(other)) return { findings };
    const name = typeof other.name === 'string' ? other.name : `${names[0]}-${at + 2}`;
    const repeats = names.includes(name);
    names.push(name);
    const { name: _, title: __, ...taken } = first;
    const validation = validateExperiment({ ...taken, ...other }, catalogue, name);
    if (repeats)
      findings.push({
        path: ['also', at, 'name'],
        message: `there is another "${name}"; give each its own`,
      });
    for (const finding of findingsIn(validation))
      findings.push(...placed(finding, ['also', at], other, known));
    return findings.length > 0 ? { findings } : validation;
  });
  const findings = [
    ...known,
    ...(Array.isArray(also) ? [] : [NO_LIST]),
    ...others.flatMap(findingsIn),
  ];
  if (findings.length > 0 || 'findings' in main) return { findings: distinct(findings) };
  const specifications = others.flatMap((one) => ('findings' in one ? [] : [one.specification]));
  return { specification: { ...main.specification, also: specifications } };
}

type Section = Readonly<Record<string, unknown>>;

const NO_LIST: Finding = {
  path: ['also'],
  message: 'is no list; it must be a list of experiments',
};

function isSection(value: unknown): value is Section {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function findingsIn(validation: Validation): readonly Finding[] {
  return 'findings' in validation ? validation.findings : [];
}

function misplaced(other: unknown, path: Finding['path']): Finding[] {
  if (!isSection(other))
    return [{ path, message: 'is no section; it must say what is other in this experiment' }];
  return Object.hasOwn(other, 'plugins')
    ? [{ path: [...path, 'plugins'], message: 'holds for the whole file; write it on top' }]
    : [];
}

/** A finding where it is written: in this experiment, or in a section that it takes over. */
function placed(
  finding: Finding,
  path: Finding['path'],
  other: Section,
  known: readonly Finding[],
): Finding[] {
  if (Object.hasOwn(other, String(finding.path[0])))
    return [{ ...finding, path: [...path, ...finding.path] }];
  // Told already.
  if (known.some((same) => same.path.join() === finding.path.join())) return [];
  return [{ path, message: `${formatPath(finding.path)}, as on top: ${finding.message}` }];
}
