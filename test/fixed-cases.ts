import fc from 'fast-check';

/**
 * Property tests draw the same cases on every run, so that a change passes or fails by what it
 * changed. `PROPERTY_SEED=7 npm test` draws others; a failure prints its seed and path.
 */
fc.configureGlobal({ seed: Number(process.env.PROPERTY_SEED ?? 1) });
