// Builds dist/ from nothing, so that no file of a module that is gone stays behind in the package.
import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';

rmSync('dist', { recursive: true, force: true });
const compiler = createRequire(import.meta.url).resolve('typescript/bin/tsc');
execFileSync(process.execPath, [compiler, '-p', 'tsconfig.build.json'], { stdio: 'inherit' });
// What the compiler leaves out: report templates, styles and the client script.
for (const folder of ['reports/templates', 'reports/assets'])
  cpSync(folder, `dist/${folder}`, { recursive: true });
chmodSync('dist/src/cli/main.js', 0o755);
