import { describe, expect, it } from 'vitest';
import { exitCodeOf, runCommand } from '../../../scripts/run-command.mjs';

describe('runCommand', () => {
  it('collects what the command prints and its exit code', async () => {
    const script = "console.log('out'); console.error('err'); process.exitCode = 3";
    const result = await runCommand(process.execPath, ['-e', script]);
    expect(result.exitCode).toBe(3);
    expect(result.stdout).toBe('out\n');
    expect(result.output.split('\n').sort()).toEqual(['', 'err', 'out']);
  });

  it('reports a command that is not there as a result', async () => {
    const { exitCode, output } = await runCommand('/no/such/command', []);
    expect(exitCode).toBe(127);
    expect(output).toContain('ENOENT');
  });

  it('reports a signal as a shell does', async () => {
    const result = await runCommand(process.execPath, ['-e', "process.kill(process.pid, 'SIGKILL')"]);
    expect(result.exitCode).toBe(137);
  });
});

describe('exitCodeOf', () => {
  it.each([
    { code: 0, signal: null, exitCode: 0 },
    { code: 7, signal: null, exitCode: 7 },
    { code: null, signal: 'SIGTERM', exitCode: 143 },
    { code: null, signal: 'SIGINT', exitCode: 130 },
  ] as const)('is $exitCode for code $code and signal $signal', ({ code, signal, exitCode }) => {
    expect(exitCodeOf(code, signal)).toBe(exitCode);
  });
});
