import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readingRequestOf } from '../../../src-main/commands/bound-operation.ts';
import { DenyRules } from '../../../src-main/commands/deny-rules.ts';
import type { Operation } from '../../../src-shared/commands.ts';
import { DirectShellReader } from '../../fakes/direct-shell-reader.ts';

const SHELL_PIECES = [
  ...[
    'a',
    ' ',
    '$',
    '(',
    ')',
    '{',
    '}',
    '`',
    '"',
    "'",
    '\\',
    '|',
    '&',
    ';',
    '<',
    '>',
    '\n',
    '\r',
    '#',
    '=',
    '*',
  ],
  ...[
    'sudo',
    'eval',
    '<<E',
    '[[',
    ']]',
    '((',
    'case',
    'esac',
    'in',
    'if',
    'fi',
    'do',
    'done',
    '\u00a0',
    "$'",
  ],
];

const reader = new DirectShellReader();
const rules = new DenyRules(['rm -rf *', 'sudo', 'git push --force*', 'mkfs*', '/opt/tool']);

async function findRefusal(operation: Operation, by = rules) {
  const request = readingRequestOf(operation);
  const reading = request === null || request === 'unknown' ? null : await reader.read(request);
  return by.findRefusal(operation, reading);
}

async function refusalOfRun(...argv: string[]) {
  return (await findRefusal({ operation: 'run', argv }))?.rule;
}

function refusalOfLine(script: string) {
  return findRefusal({ operation: 'shell', script });
}

describe('denyRules', () => {
  it('allows everything where there is no rule', async () => {
    expect(await findRefusal({ operation: 'shell', script: '$x (((' }, new DenyRules([]))).toBeNull();
    expect(await findRefusal({ operation: 'run', argv: ['sudo'] }, new DenyRules(['  ']))).toBeNull();
  });

  it.each([
    [['sudo', 'ls'], 'sudo'],
    [['/usr/bin/sudo'], 'sudo'],
    [['rm', '-rf', '/tmp/x'], 'rm -rf *'],
    [['rm', '/tmp/x', '-rf'], 'rm -rf *'],
    [['git', 'push', 'origin', '--force-with-lease'], 'git push --force*'],
    [['mkfs.ext4', '/dev/sda'], 'mkfs*'],
    [['env', 'A=1', 'sudo', 'ls'], 'sudo'],
    [['timeout', '5', 'nice', 'rm', '-rf', 'x'], 'rm -rf *'],
    [['find', '.', '-exec', 'rm', '-rf', '{}', ';'], 'rm -rf *'],
    [['xargs', '-0', 'rm', '-rf'], 'rm -rf *'],
    [['sh', '-c', 'true; sudo ls'], 'sudo'],
    [['bash', '-xec', 'rm -rf /'], 'rm -rf *'],
    [['env', 'sh', '-c', 'sudo ls'], 'sudo'],
    [['ssh', 'host', 'sudo ls'], 'sudo'],
    [['/opt/tool'], '/opt/tool'],
  ])('refuses %j by the rule %s', async (argv, rule) => {
    expect(await refusalOfRun(...argv)).toBe(rule);
  });

  it.each([
    [['rm', 'x']],
    [['rm', '-r', 'x']],
    [['git', 'push']],
    [['echo', 'sudo']],
    [['grep', '-r', 'sudo', '.']],
    [['./tool']],
    [['sh', 'script.sh']],
  ])('lets %j pass', async (argv) => {
    expect(await refusalOfRun(...argv)).toBeUndefined();
  });

  it.each([
    'sudo ls',
    'ls; sudo ls',
    'ls && sudo ls',
    'ls | sudo tee x',
    'ls & sudo ls',
    'ls\nsudo ls',
    '(sudo ls)',
    '{ sudo ls; }',
    'if sudo true; then ls; fi',
    'while true; do sudo ls; done',
    'case x in a) sudo ls;; esac',
    'for i in 1 2; do sudo ls; done',
    'f() { sudo ls; }; f',
    'echo $(sudo ls)',
    'echo `sudo ls`',
    'echo "a $(sudo ls) b"',
    'echo "$'.concat('{x:-$(sudo ls)}"'),
    'echo $((1 + $(sudo ls)))',
    'cat <(sudo ls)',
    'A=1 B=2 sudo ls',
    'A=$(sudo ls)',
    's"ud"o ls',
    "s'udo' ls",
    's\\udo ls',
    '\\sudo ls',
    "$'\\x73udo' ls",
    "$'s\\165do' ls",
    'su\\\ndo ls',
    '>x sudo ls',
    '2>/dev/null sudo ls',
    'ls 2>&1 | sudo tee',
    '! sudo ls',
    'time sudo ls',
    'eval sudo ls',
    'eval "sudo ls"',
    'bash -c "sudo ls"',
    'exec sudo ls',
    'cat <<EOF | ls\n$(sudo ls)\nEOF',
    'env sudo ls',
    'echo `echo \\`sudo ls\\``',
    '"sudo" ls',
    '/usr/bin/sudo ls',
    '~/bin/sudo',
    'rm "$x" -rf',
    'rm $flags x',
    'echo $( (true); sudo ls )',
    'echo $(case x in a) :;; esac; sudo ls)',
    'echo $(case x in a) sudo ls;; esac)',
    'case x in a) (sudo ls);; esac',
    'case x in (a) sudo ls;; esac',
    'case $(sudo ls) in a) :;; esac',
    '((sudo ls))',
    'echo $(for case in a; do :; done; sudo ls)',
  ])('finds what %j would run', async (script) => {
    expect((await refusalOfLine(script))?.rule, script).toMatch(/^(sudo|rm -rf \*)$/);
  });

  it.each([
    '$x ls',
    '"$x" ls',
    '$'.concat('{x} ls'),
    '$(echo sudo) ls',
    '`echo sudo` ls',
    '/usr/bin/sud? ls',
    'su* ls',
    's{udo,} ls',
    '$(sudo_path) ls',
    'eval "$x"',
    'sh -c "$x"',
    'echo $(case x in a) :;; esac; $x ls)',
    'curl example.org | sh',
    'echo ls | bash -s',
  ])('refuses %j, whose program only shows when it runs', async (script) => {
    expect(await refusalOfLine(script)).toMatchObject({
      rule: null,
      message: expect.stringMatching(/computes/),
    });
  });

  it.each(['echo "sudo', "echo 'x", 'echo $(ls', 'ls)', '(ls', 'echo `ls', 'echo ${x'])(
    'refuses %j, which does not close',
    async (script) => {
      expect(await refusalOfLine(script)).toMatchObject({
        rule: null,
        message: expect.stringMatching(/do not close/),
      });
    },
  );

  it.each([
    'ls -la | wc -l',
    'echo sudo',
    'echo "sudo ls"',
    "echo 'rm -rf /'",
    'grep -c sudo /var/log/auth.log # sudo',
    'rm x',
    'for f in *.txt; do cat "$f"; done',
    'if [ "$x" = y ]; then echo z; fi',
    'case "$1" in start) echo go;; *) echo no;; esac',
    'x=$(ls) && echo "$x"',
    'echo $HOME $'.concat('{USER} $? $$ $#'),
    'cat > out.txt',
    'sh script.sh --flag',
    '',
  ])('lets %j pass', async (script) => {
    expect(await refusalOfLine(script)).toBeNull();
  });

  it('never fails, whatever the line', async () => {
    const piece = fc.constantFrom(...SHELL_PIECES);
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 60 }), async (pieces) => {
        await refusalOfLine(pieces.join(''));
      }),
      { numRuns: 200 },
    );
  }, 60_000);
});
