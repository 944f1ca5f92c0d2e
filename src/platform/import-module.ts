import { register } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';

const fromSource = import.meta.url.endsWith('.ts');
const packageRoot = new URL(fromSource ? '../../' : '../../../', import.meta.url).href;
const publicApi = new URL(`../index${fromSource ? '.ts' : '.js'}`, import.meta.url).href;

/**
 * Module hooks for a user's own modules, wherever they lie:
 * - `hefl-bench` is this very package, so that plug-in and suite share one copy of every class;
 * - packages that the user's folder doesn't have (`zod`, tfjs) are looked for where ours are;
 * - TypeScript is stripped by esbuild, and always read as an ES module. (tsx reads a `.ts` in a
 *   folder without `"type": "module"` as CommonJS, which can't require this package.)
 *
 * They run on a thread of their own, so they travel as text.
 */
const HOOKS = `
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';

const publicApi = ${JSON.stringify(publicApi)};
const ownSources = ${JSON.stringify(fromSource ? packageRoot : null)};
const isTypeScript = (url) => /^file:.*\\.m?ts$/.test(url) && !(ownSources && url.startsWith(ownSources));

export async function resolve(specifier, context, next) {
  if (specifier === 'hefl-bench') return next(publicApi, context);
  try {
    return await next(specifier, context);
  } catch (error) {
    const isPackage = /^@?[a-z]/i.test(specifier) && !/^(file|data|node|https?):/.test(specifier);
    if (!isPackage) throw error;
    return next(specifier, { ...context, parentURL: publicApi }).catch(() => { throw error; });
  }
}

export async function load(url, context, next) {
  if (!isTypeScript(url)) return next(url, context);
  const { transform } = createRequire(publicApi)('esbuild');
  const file = new URL(url);
  const { code } = await transform(await readFile(file, 'utf8'), {
    loader: 'ts', format: 'esm', target: 'node20', sourcemap: 'inline', sourcefile: file.pathname,
  });
  return { format: 'module', source: code, shortCircuit: true };
}`;

let registered = false;

/**
 * Imports a user's own `.ts`, `.mts`, `.js` or `.mjs` module.
 *
 * @throws {Error} the module's own, or `ERR_MODULE_NOT_FOUND`.
 * @example const module = await importModule('/home/me/my-defense.ts')
 */
export async function importModule(path: string): Promise<Readonly<Record<string, unknown>>> {
  if (!registered) register(`data:text/javascript,${encodeURIComponent(HOOKS)}`);
  registered = true;
  return import(pathToFileURL(path).href);
}

/** Folder of the package: the checkout, or `node_modules/hefl-bench`. */
export const packageFolder = fileURLToPath(packageRoot);
