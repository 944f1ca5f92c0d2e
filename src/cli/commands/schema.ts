import type { CommandModule } from 'yargs';
import { catalogueOf } from '../../run/prepare.ts';
import { specificationJsonSchema } from '../../spec/json-schema.ts';
import { registered } from '../registered.ts';

export const schema: CommandModule = {
  command: 'schema',
  describe: 'print the JSON Schema of specifications, for editors',
  builder: (yargs) =>
    yargs.example(
      '$0 schema > hefl.schema.json',
      'then write `# yaml-language-server: $schema=hefl.schema.json` on top of a specification',
    ),
  handler: () => {
    const json = specificationJsonSchema(catalogueOf(registered));
    process.stdout.write(`${JSON.stringify(json, null, 2)}\n`);
  },
};
