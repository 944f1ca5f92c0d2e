/**
 * Locates a worker's entry file beside the module that starts it.
 *
 * The compiled package holds `.js`; a source checkout (tests, `tsx`) holds `.ts`, which Node 20 only
 * loads with the `tsx` hook in the worker too.
 *
 * @example workerEntry('./seal-worker', import.meta.url)
 */
export function workerEntry(name: string, importer: string): { url: URL; execArgv: string[] } {
  const fromSource = importer.endsWith('.ts');
  return {
    url: new URL(`${name}${fromSource ? '.ts' : '.js'}`, importer),
    execArgv: fromSource ? ['--import', import.meta.resolve('tsx')] : [],
  };
}
