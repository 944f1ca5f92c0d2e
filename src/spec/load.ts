import { readFile } from 'node:fs/promises';
import { basename, dirname, extname, resolve } from 'node:path';
import { importModule } from '../platform/import-module.ts';
import type { Catalogue } from './catalogue.ts';
import { findCheckpoint } from './checkpoint.ts';
import { type Finding, formatPath, type Problem, SpecificationError } from './problems.ts';
import type { SpecificationSource } from './source.ts';
import type { Specification } from './specification.ts';
import { validate } from './validate.ts';
import { writtenSpecification } from './written.ts';
import { readYaml } from './yaml-source.ts';

/** Loads the plug-ins a specification brings along, by absolute path, and adds them to the rest. */
export type CatalogueLoader = (pluginPaths: readonly string[]) => Promise<Catalogue>;

/**
 * Reads an experiment from YAML or JSON (`.yaml`, `.yml`, `.json`), or from a module that exports
 * one as its default (`.ts`, `.mts`, `.js`, `.mjs`; see `defineExperiment`).
 *
 * @param catalogue what the specification may name, or a function that makes it from the
 *   specification's own `plugins`
 * @throws {SpecificationError} with every problem found, each with its place in the file
 */
export async function loadSpecification(
  path: string,
  catalogue: Catalogue | CatalogueLoader,
): Promise<Specification> {
  const source = await readSource(path);
  const plugins = pluginPaths(source.written, dirname(path));
  const known = typeof catalogue === 'function' ? await catalogue(plugins) : catalogue;
  const validation = validate(source.written, known, nameOf(path));
  const reject = (findings: readonly Finding[]): never => {
    const problems = findings.map((finding) => problem(path, source, finding));
    throw new SpecificationError(path, problems.sort(byPlace));
  };
  if ('findings' in validation) return reject(validation.findings);
  const complete = async (specification: Specification): Promise<Specification> => {
    const { checkpoint } = specification;
    if (!checkpoint) return { ...specification, plugins };
    const found = await findCheckpoint(checkpoint, dirname(path));
    if ('message' in found) return reject([found]);
    return { ...specification, plugins, checkpoint: found };
  };
  const { also, ...first } = validation.specification;
  const others = also && (await Promise.all(also.map(complete)));
  return { ...(await complete(first)), ...(others && { also: others }) };
}

function problem(file: string, source: SpecificationSource, finding: Finding): Problem {
  return {
    file,
    ...source.locate(finding),
    path: formatPath(finding.path),
    message: finding.message,
  };
}

function byPlace(a: Problem, b: Problem): number {
  return (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0);
}

async function readSource(path: string): Promise<SpecificationSource> {
  switch (extname(path)) {
    case '.yaml':
    case '.yml':
    case '.json':
      return readYaml(await readText(path), path);
    case '.ts':
    case '.mts':
    case '.js':
    case '.mjs':
      return readModule(path);
    default:
      throw fileError(
        path,
        'is no experiment; write one in a file that ends in .yaml, .yml, .json, .ts or .js',
      );
  }
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw fileError(
      path,
      code === 'ENOENT'
        ? 'does not exist; check the path, which is relative to the current folder'
        : `can't be read (${code ?? message})`,
    );
  }
}

async function readModule(path: string): Promise<SpecificationSource> {
  await readText(path);
  const module = await importModule(resolve(path)).catch((error: unknown) => {
    throw fileError(path, `can't be loaded: ${error instanceof Error ? error.message : error}`);
  });
  if (module.default === undefined)
    throw fileError(
      path,
      'exports no experiment; write export default defineExperiment({ … }) in it',
    );
  return { written: module.default, locate: () => undefined };
}

function fileError(file: string, message: string): SpecificationError {
  return new SpecificationError(file, [{ file, path: '', message }]);
}

/** Absolute; none while the list itself is invalid, which validation will say. */
function pluginPaths(written: unknown, folder: string): string[] {
  const list =
    typeof written === 'object' && written !== null && 'plugins' in written ? written.plugins : [];
  const parsed = writtenSpecification.shape.plugins.safeParse(list);
  return (parsed.data ?? []).map((plugin) => resolve(folder, plugin));
}

/** The file's name without its extension, with only what a folder may be called. */
function nameOf(path: string): string {
  const stem = basename(path, extname(path)).replace(/[^A-Za-z0-9._-]+/g, '-');
  return stem.replace(/^[^A-Za-z0-9]+/, '').slice(0, 100) || 'experiment';
}
