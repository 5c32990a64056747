import eslint from '@eslint/js';
import { defineConfig } from 'eslint/config';
import { createNodeResolver, importX } from 'eslint-plugin-import-x';
import tseslint from 'typescript-eslint';

// The floors of lib/, lowest first: a folder imports only from itself and from folders before it.
const floors = [
  'errors.ts',
  'dns',
  'fallback',
  'addon.ts',
  'message',
  'socket',
  'transport',
  'server',
  'corefile',
  'plugins',
  'run',
  'tune',
  'adapters',
  'index.ts',
  'sockets.ts',
  'cli',
  'cli.ts',
];
const zones = floors.slice(0, -1).map((floor, i) => ({
  target: `./lib/${floor}`,
  from: floors.slice(i + 1).map((above) => `./lib/${above}`),
  message: `lib/${floor} stands below it: imports run down only.`,
}));

export default defineConfig(
  { ignores: ['build*/', 'dist/', 'dist-test/', 'coverage/', '.bench/'] },
  eslint.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: {
      parserOptions: { project: ['./tsconfig.json', './test/tsconfig.json'], tsconfigRootDir: import.meta.dirname },
    },
    plugins: { 'import-x': importX },
    settings: {
      'import-x/parsers': { '@typescript-eslint/parser': ['.ts'] },
      'import-x/resolver-next': [createNodeResolver({ extensionAlias: { '.js': ['.ts', '.js'] } })],
    },
    rules: {
      'import-x/no-restricted-paths': ['error', { zones }],
      'import-x/no-cycle': 'error',
      '@typescript-eslint/no-invalid-void-type': ['error', { allowAsThisParameter: true }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
    },
  },
  {
    files: ['test/**/*.ts'],
    // mocha returns promises and void alike, and assert.rejects takes functions without await
    rules: { '@typescript-eslint/no-non-null-assertion': 'off', '@typescript-eslint/require-await': 'off' },
  },
  {
    files: ['**/*.js', '**/*.mjs'],
    languageOptions: {
      globals: {
        AbortSignal: 'readonly',
        process: 'readonly',
        console: 'readonly',
        URL: 'readonly',
        Buffer: 'readonly',
        setTimeout: 'readonly',
        setImmediate: 'readonly',
      },
    },
  },
);
