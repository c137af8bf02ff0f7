// @vitest-environment happy-dom
import { act, cleanup, fireEvent, render, screen } from '@testing-library/react';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { AgentProvider } from '../../../../src-renderer/panel/agent-context.tsx';
import { PromptPage } from '../../../../src-renderer/prompt/prompt-page.tsx';
import { FakeAgent } from '../fakes/fake-agent.ts';
import { Intersections } from '../fakes/intersections.ts';
import { approval, snapshot } from '../fakes/sessions.ts';

const ONE = approval({ approval_id: 'approval_1', session_id: 'remote_00000001', user_id: 'one' });
const TWO = approval({ approval_id: 'approval_2', session_id: 'remote_00000002', user_id: 'two' });

describe('PromptPage', () => {
  let agent: FakeAgent;
  let intersections: Intersections;

  beforeEach(() => {
    agent = new FakeAgent();
    agent.answers.allowApproval = {};
    agent.answers.denyApproval = {};
    intersections = new Intersections();
    intersections.install();
    vi.spyOn(window, 'close').mockImplementation(() => {});
  });

  afterEach(() => {
    cleanup();
    agent.store.close();
    vi.unstubAllGlobals();
    vi.restoreAllMocks();
  });

  const show = (approvals: (typeof ONE)[], firstApprovalId: string | null = 'approval_1') => {
    agent.push(snapshot([], { approvals }));
    render(
      <AgentProvider store={agent.store}>
        <PromptPage firstApprovalId={firstApprovalId} />
      </AgentProvider>,
    );
  };
  const push = (...approvals: (typeof ONE)[]) => act(() => agent.push(snapshot([], { approvals })));
  const wait = (ms: number) => act(() => agent.clock.advance(ms));
  const press = (name: 'Allow' | 'Deny') => fireEvent.click(screen.getByRole('button', { name }));
  const arm = () => {
    act(() => intersections.report(true));
    wait(1000);
  };

  it('reacts to nothing in the first second, and focuses nothing', () => {
    show([ONE]);
    act(() => intersections.report(true));
    wait(999);
    press('Allow');
    press('Deny');
    expect(agent.callsOf('allowApproval')).toEqual([]);
    expect(agent.callsOf('denyApproval')).toEqual([]);
    expect(document.activeElement).toBe(document.body);
    wait(1);
    press('Deny');
    expect(agent.callsOf('denyApproval')).toEqual([{ params: { approval_id: 'approval_1' } }]);
  });

  it('says its own decision for a moment and closes', async () => {
    show([ONE]);
    arm();
    press('Allow');
    await act(async () => {});
    push();
    screen.getByText('Allowed.');
    expect(window.close).not.toHaveBeenCalled();
    wait(2000);
    expect(window.close).toHaveBeenCalledTimes(1);
  });

  it('says by whom it was decided elsewhere', () => {
    show([ONE]);
    act(() => {
      agent.push({
        seq: 2,
        event: 'remote_session_denied',
        data: {
          session_id: ONE.session_id,
          decided_by: 'tray',
          message: '',
          badge: '',
          timestamp: '2026-01-01T00:00:00.000Z',
        },
      });
      agent.push(snapshot([]));
    });
    screen.getByText('Denied from the tray menu.');
  });

  it('goes on to the next request, which has a first second of its own', async () => {
    show([ONE, TWO]);
    screen.getByText('1 of 2');
    arm();
    press('Allow');
    await act(async () => {});
    push(TWO);
    wait(2000);
    screen.getByText('two');
    expect(screen.queryByText('1 of 2')).toBeNull();
    press('Allow');
    expect(agent.callsOf('allowApproval')).toHaveLength(1);
    arm();
    press('Allow');
    expect(agent.callsOf('allowApproval')).toHaveLength(2);
    expect(window.close).not.toHaveBeenCalled();
  });

  it('does not take its last decision for one on the next request', async () => {
    show([ONE, TWO]);
    arm();
    press('Allow');
    await act(async () => {});
    push(TWO);
    wait(2000);
    push();
    expect(screen.queryByText('Allowed.')).toBeNull();
    screen.getByText('This request no longer waits for an answer.');
  });

  it('shows the oldest request if it is told none', () => {
    show([ONE, TWO], null);
    screen.getByText('one');
  });

  it('does not take silence for a decision', () => {
    agent.answers = {};
    render(
      <AgentProvider store={agent.store}>
        <PromptPage firstApprovalId="approval_1" />
      </AgentProvider>,
    );
    wait(10_000);
    expect(window.close).not.toHaveBeenCalled();
    expect(screen.queryByText(/no longer waits/)).toBeNull();
  });

  it('closes for a request that was decided before it opened', () => {
    show([]);
    screen.getByText('This request no longer waits for an answer.');
    wait(2000);
    expect(window.close).toHaveBeenCalled();
  });
});
