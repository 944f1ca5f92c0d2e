/** npm's own settings, as its configuration reader wants them; the package has no types for them. */
declare module '@npmcli/config/lib/definitions/index.js' {
  import type Config from '@npmcli/config';

  const all: Pick<Config.Options, 'definitions' | 'shorthands' | 'flatten'>;
  export default all;
}
