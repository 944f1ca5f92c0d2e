/** Where in a written specification: keys and indices from the root. */
export type SpecPath = readonly (string | number)[];

/** Something wrong with a specification, before it is known where in the file that stands. */
export interface Finding {
  readonly path: SpecPath;
  /** What is wrong; what would be valid. */
  readonly message: string;
  /** Points at the key rather than at its value. */
  readonly atKey?: true;
}

/** A finding with its place in the file; line and column count from 1. */
export interface Problem {
  readonly file: string;
  readonly line?: number;
  readonly column?: number;
  /** `federation.clientsPerRound`; empty for the file as a whole. */
  readonly path: string;
  readonly message: string;
}

/** A specification that can't be run; the message lists every problem, one per line. */
export class SpecificationError extends Error {
  override readonly name = 'SpecificationError';
  readonly problems: readonly Problem[];

  constructor(file: string, problems: readonly Problem[]) {
    const count = problems.length === 1 ? 'a problem' : `${problems.length} problems`;
    super(
      [`${file} has ${count}:`, ...problems.map((problem) => `  ${formatProblem(problem)}`)].join(
        '\n',
      ),
    );
    this.problems = problems;
  }
}

/** `quickstart.yaml:14:7  defenses[2].ratio: is 1.5; it must be at most 1` */
export function formatProblem({ file, line, column, path, message }: Problem): string {
  const place = line === undefined ? file : `${file}:${line}:${column}`;
  return path === '' ? `${place}  ${message}` : `${place}  ${path}: ${message}`;
}

/** `defenses[2].ratio` */
export function formatPath(path: SpecPath): string {
  return path
    .map((key, at) => (typeof key === 'number' ? `[${key}]` : at === 0 ? key : `.${key}`))
    .join('');
}
