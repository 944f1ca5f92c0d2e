/** The command line asks for something that doesn't exist or can't be. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export const EXIT = { ok: 0, failed: 1, usage: 2, gate: 3, interrupted: 130 } as const;

/** Errors whose message says what the user has to change. */
const USERS_TO_FIX = new Set([
  'UsageError',
  'TargetError',
  'SearchStopped',
  'SpecificationError',
  'PluginError',
  'DatasetError',
  'CheckpointError',
  'DeviceUnavailable',
  'RunFolderBusy',
  'RunFolderUnusable',
]);

/** What a user reads of an error, and the exit code it gives. */
export function explain(
  error: unknown,
  verbose: boolean,
): { readonly paragraph: string; readonly exitCode: number } {
  if (!(error instanceof Error)) return { paragraph: `hefl: ${error}`, exitCode: EXIT.failed };
  const stack = verbose ? `\n\n${error.stack}` : '';
  if (error.name === 'Interrupted')
    return {
      paragraph: `hefl: interrupted. What is complete is kept: the same command goes on from there.${stack}`,
      exitCode: EXIT.interrupted,
    };
  if (error.name === 'ArtifactError')
    return {
      paragraph: `hefl: ${error.message}. Run the experiment again with hefl run: only what is damaged is computed anew.${stack}`,
      exitCode: EXIT.usage,
    };
  if (USERS_TO_FIX.has(error.name))
    return { paragraph: `hefl: ${error.message}${stack}`, exitCode: EXIT.usage };
  const more = verbose ? stack : ' Add --verbose to see where.';
  return { paragraph: `hefl: ${error.name}: ${error.message}${more}`, exitCode: EXIT.failed };
}
