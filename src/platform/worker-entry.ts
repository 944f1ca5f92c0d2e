import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { Worker, type WorkerOptions } from 'node:worker_threads';

/** Whether this process runs the `.ts` sources (tests, `tsx`) rather than the compiled package. */
function runsFromSource(importer: string): boolean {
  return importer.endsWith('.ts');
}

/** A URL that loads tsx's hooks, wherever the package is installed. */
function tsxHook(importer: string): string {
  const require = createRequire(importer);
  const { exports } = require('tsx/package.json');
  return new URL(exports['.'], pathToFileURL(require.resolve('tsx/package.json'))).href;
}

/**
 * Starts the worker thread whose entry file stands beside the module that asks for it.
 *
 * The compiled package holds `.js`; a source checkout holds `.ts`, which a worker loads by `require`
 * with tsx's synchronous hook. Its asynchronous one (`module.register`) hangs every now and then when
 * several workers start on Node 20; the price is that an entry has no top-level `await`.
 *
 * @param name entry file without extension, relative to `importer`
 * @param importer the caller's `import.meta.url`
 * @example startWorker('./seal-worker', import.meta.url, { workerData })
 */
export function startWorker(name: string, importer: string, options: WorkerOptions = {}): Worker {
  if (!runsFromSource(importer)) return new Worker(new URL(`${name}.js`, importer), options);
  const entry = fileURLToPath(new URL(`${name}.ts`, importer));
  const hook = createRequire(importer).resolve('tsx/cjs/api');
  const bootstrap = `require(${JSON.stringify(hook)}).register(); require(${JSON.stringify(entry)});`;
  return new Worker(bootstrap, { ...options, eval: true, execArgv: [] });
}

/**
 * Path and Node flags to fork the process whose entry file stands beside the caller.
 *
 * @example const { path, execArgv } = processEntry('./cell-process', import.meta.url)
 */
export function processEntry(name: string, importer: string): { path: URL; execArgv: string[] } {
  return runsFromSource(importer)
    ? {
        path: new URL(`${name}.ts`, importer),
        execArgv: ['--import', tsxHook(importer)],
      }
    : { path: new URL(`${name}.js`, importer), execArgv: [] };
}
