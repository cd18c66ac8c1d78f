import js from '@eslint/js'
import tseslint from 'typescript-eslint'

const noAmbientProcess = {
  'no-restricted-globals': [
    'error',
    { name: 'process', message: "import process from 'node:process' in main, os or config" },
  ],
  'no-restricted-imports': [
    'error',
    { paths: [{ name: 'node:process', message: 'only main, os, config and cli read the process' }] },
  ],
  'no-restricted-properties': [
    'error',
    { object: 'Date', property: 'now', message: 'take the instant from the event or from the Clock port' },
    { object: 'Math', property: 'random', message: 'take randomness as an argument' },
  ],
}

export default tseslint.config(
  { ignores: ['dist/', '.build/', 'node_modules/', 'charts/', 'coverage/', 'examples/'] },
  js.configs.recommended,
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: {
      parserOptions: {
        projectService: { allowDefaultProject: ['eslint.config.js'] },
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      'max-lines': ['error', { max: 300 }],
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', ignoreRestSiblings: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
    },
  },
  {
    files: ['src/**/*.ts'],
    ignores: ['src/main.ts', 'src/agent/**', 'src/os/**', 'src/config/**', 'src/cli/**'],
    rules: noAmbientProcess,
  },
  {
    files: ['test/**/*.ts'],
    rules: {
      '@typescript-eslint/no-floating-promises': [
        'error',
        {
          allowForKnownSafeCalls: [
            { from: 'package', package: 'node:test', name: ['test', 'describe', 'it', 'suite'] },
          ],
        },
      ],
    },
  },
  { files: ['eslint.config.js'], ...tseslint.configs.disableTypeChecked },
)
