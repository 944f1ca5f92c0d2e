import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { Worker, type WorkerOptions } from 'node:worker_threads';

/** Whether this process runs the `.ts` sources (tests, `tsx`) rather than the compiled package. */
function runsFromSource(importer: string): boolean {
  return importer.endsWith('.ts');
}

/** A URL that loads tsx's hooks, wherever the package is installed. */
function tsxHook(kind: 'process' | 'worker', importer: string): string {
  const require = createRequire(importer);
  const { exports } = require('tsx/package.json');
  const file = kind === 'process' ? exports['.'] : exports['./esm/api'].import.default;
  return new URL(file, pathToFileURL(require.resolve('tsx/package.json'))).href;
}

/**
 * Starts the worker thread whose entry file stands beside the module that asks for it.
 *
 * The compiled package holds `.js`; a source checkout holds `.ts`, which a worker of Node 20 loads
 * only after the hook is registered inside it (`--import` does not reach workers).
 *
 * @param name entry file without extension, relative to `importer`
 * @param importer the caller's `import.meta.url`
 * @example startWorker('./seal-worker', import.meta.url, { workerData })
 */
export function startWorker(name: string, importer: string, options: WorkerOptions = {}): Worker {
  if (!runsFromSource(importer)) return new Worker(new URL(`${name}.js`, importer), options);
  const entry = new URL(`${name}.ts`, importer).href;
  const hook = tsxHook('worker', importer);
  const bootstrap = `import(${JSON.stringify(hook)}).then((tsx) => {
    tsx.register();
    return import(${JSON.stringify(entry)});
  })`;
  return new Worker(bootstrap, { ...options, eval: true });
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
        execArgv: ['--import', tsxHook('process', importer)],
      }
    : { path: new URL(`${name}.js`, importer), execArgv: [] };
}
