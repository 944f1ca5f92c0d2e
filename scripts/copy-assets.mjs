// Copies what the compiler leaves out: report templates, styles and the client script.
import { cpSync, existsSync } from 'node:fs';

for (const folder of ['reports/templates', 'reports/assets'])
  if (existsSync(folder)) cpSync(folder, `dist/${folder}`, { recursive: true });
