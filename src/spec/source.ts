import type { Finding } from './problems.ts';

/** A specification as read from a file, before anything in it is checked. */
export interface SpecificationSource {
  readonly written: unknown;
  /** Where a finding stands in the file, if that is known; counted from 1. */
  locate(finding: Finding): { readonly line: number; readonly column: number } | undefined;
}
