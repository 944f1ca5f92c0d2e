import type { Failure } from './messages.ts';

const HINTS: Readonly<Record<string, string>> = {
  'artifact-error': 'Run the same command again: the damaged file is computed anew.',
  'ciphertext-error':
    'A ciphertext did not have the form its parameter set demands. Check the installation with `hefl doctor`.',
  'not-implemented': 'Choose another defense, scheme or key setup: see `hefl list`.',
  enospc: 'The disk is full. Free some space and run the same command again; it resumes.',
};

const DEFAULT_HINT =
  'The rest of the run is not affected. The log in the run folder has the details; run the same command again to retry just this part.';

/** What an error thrown by a stage, a defense or an attack means for a person. */
export function describeError(error: unknown): Failure {
  if (!(error instanceof Error))
    return { code: 'error', message: String(error), hint: DEFAULT_HINT, details: '' };
  const systemCode = (error as NodeJS.ErrnoException).code;
  const code = kebabCase(typeof systemCode === 'string' ? systemCode : error.name);
  return {
    code,
    message: error.message || error.name,
    hint: HINTS[code] ?? DEFAULT_HINT,
    details: withCauses(error),
  };
}

/** The process is gone, with its last output. */
export function endedUnexpectedly(
  code: number | null,
  signal: NodeJS.Signals | null,
  output: string,
): Failure {
  if (/heap out of memory|Cannot enlarge memory|std::bad_alloc/.test(output))
    return outOfMemory(undefined, output);
  return {
    code: 'crashed',
    message: `The process ended unexpectedly (${signal ? `signal ${signal}` : `exit code ${code}`}).`,
    hint:
      signal === 'SIGKILL'
        ? 'Often the system ran out of memory: try `--jobs 1`, or a smaller model.'
        : DEFAULT_HINT,
    details: output,
  };
}

export function outOfMemory(limitBytes: number | undefined, output: string): Failure {
  const limit = limitBytes ? ` of ${(limitBytes / 2 ** 30).toFixed(1)} GiB` : '';
  return {
    code: 'out-of-memory',
    message: `The process needed more memory than its limit${limit}.`,
    hint: 'Give each process more with `--memory`, or run fewer at once with `--jobs 1`.',
    details: output,
  };
}

function kebabCase(name: string): string {
  return name
    .replace(/([a-z])([A-Z])/g, '$1-$2')
    .replaceAll('_', '-')
    .toLowerCase();
}

function withCauses(error: Error): string {
  const stack = error.stack ?? `${error.name}: ${error.message}`;
  return error.cause instanceof Error ? `${stack}\ncaused by ${withCauses(error.cause)}` : stack;
}
