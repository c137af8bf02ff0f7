import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { DenyRules } from '../../../src-main/commands/deny-rules.ts';
import { DirectShellReader } from '../../fakes/direct-shell-reader.ts';
import { createStubShell } from './stub-shell.ts';

const reader = new DirectShellReader();
const rules = new DenyRules(['forbidden']);
// Without any other program, so that a line of chance does nothing but what shells do by themselves.
const stubs = createStubShell('');
afterAll(() => stubs.remove());

const PIECES = [
  ...[
    'forbidden',
    'forbidden',
    'forbidden',
    ' ',
    ' ',
    ' ',
    '\n',
    '\n',
    ';',
    '&&',
    '||',
    '|',
    '&',
    '!',
    '#',
    ' #',
    '"',
    "'",
    '\\',
    '`',
  ],
  ...[
    '$',
    '$(',
    ')',
    '(',
    '{ ',
    '; }',
    '${x:-',
    '${x#',
    '}',
    '$((',
    '))',
    '[ ',
    ' ]',
    '[[ ',
    ' ]]',
    '*',
    '=',
    '\r',
    '\u00a0',
    '\t',
  ],
  ...[
    'echo ',
    ': ',
    'x',
    'x=',
    'a',
    'eval ',
    'command ',
    'exec ',
    'if ',
    '; then ',
    '; fi',
    'for x in ',
    '; do ',
    '; done',
    'true ',
  ],
  ...[
    'case x in ',
    'x) ',
    ';; ',
    ' esac',
    '<<E',
    '<<-E',
    "<<'E'",
    '\nE\n',
    '>x ',
    '2>&1',
    '&>x',
    '<x',
    "$'",
    '$"',
    '$[',
    '\\\n',
    '\n\\',
  ],
];
/** A function of chance might call itself without end. */
const FUNCTION = /\(\s*\)/;

const lineArbitrary = fc
  .array(fc.constantFrom(...PIECES), { minLength: 2, maxLength: 14 })
  .map((pieces) => pieces.join(''))
  .filter((line) => line.includes('forbidden') && !FUNCTION.test(line));

describe('a line of chance', () => {
  it.each([
    ['sh', 'posix'],
    ['bash', 'bash'],
  ] as const)(
    'never runs in %s what a deny rule lets pass',
    async (shell, language) => {
      await fc.assert(
        fc.asyncProperty(lineArbitrary, async (line) => {
          const reading = await reader.read({ line, language });
          const refusal = await rules.findRefusal({ operation: 'shell', script: line }, reading);
          if (refusal === null) expect(await stubs.runsForbidden(line, shell), line).toBe(false);
        }),
        { numRuns: Number(process.env.LINES ?? 300) },
      );
    },
    3_600_000,
  );
});
