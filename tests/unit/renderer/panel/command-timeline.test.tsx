// @vitest-environment happy-dom
import { act, cleanup, fireEvent, render, screen } from '@testing-library/react';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Command } from '#shared/commands';
import { DRAW_DELAY_MS } from '../../../../src-renderer/agent/agent-store.ts';
import { AgentProvider } from '../../../../src-renderer/panel/agent-context.tsx';
import { CommandTimeline } from '../../../../src-renderer/panel/command-timeline.tsx';
import { command } from '../fakes/commands.ts';
import { FakeAgent } from '../fakes/fake-agent.ts';

const LIST = {
  commands: [command({ command_id: 'command_2' }), command({ command_id: 'command_1' })],
  total: 2,
};

describe('CommandTimeline', () => {
  let agent: FakeAgent;

  beforeEach(() => {
    agent = new FakeAgent();
    agent.answers.listCommands = LIST;
  });

  afterEach(() => {
    cleanup();
    agent.store.close();
  });

  const settle = () => act(async () => {});
  const show = async () => {
    render(
      <AgentProvider store={agent.store}>
        <CommandTimeline sessionId="remote_00000001" />
      </AgentProvider>,
    );
    fireEvent.click(screen.getByRole('button', { name: 'Show commands' }));
    await settle();
  };

  it('loads nothing until it is asked to', async () => {
    render(
      <AgentProvider store={agent.store}>
        <CommandTimeline sessionId="remote_00000001" />
      </AgentProvider>,
    );
    await settle();
    expect(agent.callsOf('listCommands')).toEqual([]);
  });

  it('shows what was done, how it ended and who allowed it', async () => {
    agent.answers.listCommands = {
      commands: [
        command({
          operation: { operation: 'run', argv: ['echo', 'a b', '\u202e'] },
          exit_code: 3,
          duration_seconds: 2,
          decided_by: 'prompt',
          decision_reason: 'Allowed',
        }),
      ],
      total: 1,
    };
    await show();
    expect(agent.callsOf('listCommands')).toEqual([
      { query: { session_id: 'remote_00000001', limit: '50', offset: '0' } },
    ]);
    screen.getByText('Completed');
    screen.getByText('Run a program');
    screen.getByText("echo 'a b' $'\\u202E'");
    screen.getByText('exit code 3');
    screen.getByText('2 s');
    screen.getByText('Allowed in a prompt');
    const link = screen.getByRole('link', { name: 'Export as JSON lines' });
    expect(link.getAttribute('href')).toBe('/api/remote/export/remote_00000001');
  });

  it('opens a command with its output, its pictures and its fault', async () => {
    agent.answers.getCommand = command({
      command_id: 'command_2',
      status: 'failed',
      stdout: 'plain\u001b[2J',
      stderr: 'x'.repeat(30_000),
      error: { code: 'killed', message: 'Something ended it.' },
      screenshots: { before: '/api/remote/commands/command_2/screenshots/before', after: null },
    });
    await show();
    const [head] = screen.getAllByRole('button', { name: /Completed/ });
    fireEvent.click(head as HTMLElement);
    await settle();
    expect(agent.callsOf('getCommand')).toEqual([{ params: { command_id: 'command_2' } }]);
    screen.getByText('plain⟦U+001B⟧[2J');
    screen.getByText('10000 more characters are kept and not shown here.');
    screen.getByText('Something ended it.');
    expect(screen.getByRole('img', { name: 'The screen before it' }).getAttribute('src')).toContain(
      '/before',
    );
    expect(screen.queryByRole('img', { name: 'The screen after it' })).toBeNull();
  });

  it('is brought up to date by events of its own session', async () => {
    await show();
    const push = (sessionId: string, seq: number) =>
      act(() => {
        agent.push({
          seq,
          event: 'remote_command_finished',
          data: {
            session_id: sessionId,
            command_id: 'command_3',
            message: '',
            badge: '',
            timestamp: '2026-01-01T00:00:00.000Z',
          },
        });
        agent.clock.advance(DRAW_DELAY_MS);
      });
    push('remote_ffffffff', 5);
    await settle();
    expect(agent.callsOf('listCommands')).toHaveLength(1);
    agent.answers.listCommands = {
      commands: [command({ command_id: 'command_3' }), ...LIST.commands],
      total: 3,
    };
    push('remote_00000001', 6);
    await settle();
    expect(agent.callsOf('listCommands')).toHaveLength(2);
    expect(screen.getAllByRole('listitem').length).toBeGreaterThanOrEqual(3);
  });

  it('loads the rest page by page, and again after a failure', async () => {
    agent.answers.listCommands = ({ query }: { query: { offset: string } }) => ({
      commands: [command({ command_id: `command_${query.offset}` })] satisfies Command[],
      total: 2,
    });
    await show();
    fireEvent.click(screen.getByRole('button', { name: 'Load more of 2' }));
    await settle();
    expect(agent.callsOf('listCommands')).toHaveLength(2);
    expect(screen.queryByRole('button', { name: /Load more/ })).toBeNull();
  });

  it('says that there was nothing, and what went wrong', async () => {
    agent.answers.listCommands = { commands: [], total: 0 };
    await show();
    screen.getByText('Nothing was asked for in this session.');
    cleanup();
    delete agent.answers.listCommands;
    await show();
    expect(screen.getByRole('alert').textContent).toBe('The agent cannot be reached.');
    agent.answers.listCommands = LIST;
    fireEvent.click(screen.getByRole('button', { name: 'Try again' }));
    await settle();
    expect(screen.queryByRole('alert')).toBeNull();
  });

  it('says what of a command is not kept any more, and by what it can be known', async () => {
    agent.answers.listCommands = { commands: [command()], total: 1 };
    agent.answers.getCommand = command({
      kept: 'digest',
      result_bytes: 1_048_576,
      result_sha256: 'abc123',
    });
    await show();
    fireEvent.click(screen.getByRole('button', { name: /Completed/ }));
    await settle();
    screen.getByText(/is not kept any more/);
    screen.getByText('Result, 1048576 bytes, SHA-256');
    screen.getByText('abc123');
  });
});
