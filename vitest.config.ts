import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/**/*.slow.test.ts'],
    testTimeout: 180_000,
    hookTimeout: 180_000,
    pool: 'forks',
    // Vitest leaves one core alone, which is half of a small machine.
    maxWorkers: '100%',
    setupFiles: ['test/fixed-cases.ts'],
  },
});
