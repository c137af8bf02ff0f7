import { afterAll, describe, expect, it } from 'vitest';
import { readingRequestOf } from '../../../src-main/commands/bound-operation.ts';
import { DenyRules } from '../../../src-main/commands/deny-rules.ts';
import type { Operation } from '../../../src-shared/commands.ts';
import { DirectShellReader } from '../../fakes/direct-shell-reader.ts';
import { BYPASSES } from './bypasses.ts';
import { createStubShell } from './stub-shell.ts';

const reader = new DirectShellReader();
const rules = new DenyRules(['forbidden']);
const stubs = createStubShell('/usr/bin:/bin');
afterAll(() => stubs.remove());

async function isRefused(operation: Operation): Promise<boolean> {
  const request = readingRequestOf(operation);
  const reading = request === null || request === 'unknown' ? null : await reader.read(request);
  return (await rules.findRefusal(operation, reading)) !== null;
}

describe('a deny rule', () => {
  it.each(BYPASSES)('holds for $line', async ({ line, shell, isUntried }) => {
    // What is in the table must be a way to run it, or it shows nothing.
    if (!isUntried) expect(await stubs.runsForbidden(line, shell ?? 'sh'), 'it does not run it').toBe(true);
    const asked: Operation[] = [{ operation: 'run', argv: [shell ?? 'sh', '-c', line] }];
    if (shell === undefined) asked.push({ operation: 'shell', script: line });
    for (const operation of asked) expect(await isRefused(operation), operation.operation).toBe(true);
  });
});
