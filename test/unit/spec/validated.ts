import { formatPath } from '../../../src/spec/problems.ts';
import type { Specification } from '../../../src/spec/specification.ts';
import { validate } from '../../../src/spec/validate.ts';
import { catalogue, minimal } from './catalogue.ts';

/** The specification that was written; what is wrong with it fails the test. */
export function valid(written: unknown): Specification {
  const validation = validate(written, catalogue, 'test');
  if ('findings' in validation) throw new Error(JSON.stringify(validation.findings, null, 1));
  return validation.specification;
}

/** `path: message` of everything wrong with `minimal` after the changes. */
export function wrong(changes: Record<string, unknown>): string[] {
  const validation = validate({ ...minimal, ...changes }, catalogue, 'test');
  return 'findings' in validation
    ? validation.findings.map(({ path, message }) => `${formatPath(path)}: ${message}`)
    : [];
}
