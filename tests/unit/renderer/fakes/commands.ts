import type { CommandDetails } from '#shared/command-details';
import type { Command } from '#shared/commands';

const AT = '2026-01-01T00:00:00.000Z';

/** A completed command, except for `differences`. */
export function command(differences: Partial<Command> = {}): Command {
  return {
    command_id: 'command_1',
    session_id: 'remote_00000001',
    operation: { operation: 'system_info' },
    status: 'completed',
    exit_code: null,
    signal: null,
    stdout: null,
    stderr: null,
    stdout_encoding: 'utf8',
    stderr_encoding: 'utf8',
    stdout_bytes: 0,
    stderr_bytes: 0,
    stdout_sha256: null,
    stderr_sha256: null,
    truncated: false,
    result: null,
    result_bytes: null,
    result_sha256: null,
    kept: 'whole',
    error: null,
    hash: 'abc',
    reason: null,
    origin: 'this machine',
    requested_at: AT,
    decided_at: null,
    decided_by: null,
    decision_reason: null,
    started_at: AT,
    finished_at: AT,
    duration_seconds: 0.5,
    approval_id: null,
    expires_at: null,
    screenshots: { before: null, after: null },
    ...differences,
  };
}

/** What a prompt is told of a command, except for `differences`. */
export function details(differences: Partial<CommandDetails> = {}): CommandDetails {
  return {
    command_id: 'command_1',
    operation: 'run',
    title: 'Run a program',
    text: 'uname -a',
    facts: [{ label: 'Folder', value: '/home/grace' }],
    diff: null,
    warnings: [],
    hash: '0123456789abcdef0123',
    ...differences,
  };
}
