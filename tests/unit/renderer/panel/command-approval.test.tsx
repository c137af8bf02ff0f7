// @vitest-environment happy-dom
import { act, cleanup, fireEvent, render, screen } from '@testing-library/react';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { AgentProvider } from '../../../../src-renderer/panel/agent-context.tsx';
import { ApprovalCard } from '../../../../src-renderer/panel/approval-card.tsx';
import { details } from '../fakes/commands.ts';
import { FakeAgent } from '../fakes/fake-agent.ts';
import { Intersections } from '../fakes/intersections.ts';
import { approval } from '../fakes/sessions.ts';

const SCRIPT = '<b>x</b>\n&amp; {y}';

describe('ApprovalCard of a command', () => {
  let agent: FakeAgent;
  let intersections: Intersections;

  beforeEach(() => {
    agent = new FakeAgent();
    agent.answers.allowApproval = {};
    agent.answers.denyApproval = {};
    intersections = new Intersections();
    intersections.install();
  });

  afterEach(() => {
    cleanup();
    agent.store.close();
    vi.unstubAllGlobals();
  });

  const show = (more: Parameters<typeof details>[0] = {}) =>
    render(
      <AgentProvider store={agent.store}>
        <ApprovalCard
          approval={approval({ kind: 'command', safety_mode: 'supervised', details: details(more) })}
        />
      </AgentProvider>,
    );
  const arm = () => {
    act(() => intersections.report(true));
    act(() => agent.clock.advance(1000));
  };
  const press = (name: string) => fireEvent.click(screen.getByRole('button', { name }));

  it('shows every part as it stands', () => {
    show({
      text: SCRIPT,
      warnings: ['The folder that it would run in is not there.'],
      diff: [
        { change: 'same', text: 'one' },
        { change: 'removed', text: 'two' },
        { change: 'added', text: '2' },
        { change: 'skipped', text: '3 unchanged lines' },
      ],
    });
    expect(document.querySelector('.command-text')?.textContent).toBe(SCRIPT);
    expect(document.querySelector('.command-text b')).toBeNull();
    screen.getByText('Run a program');
    screen.getByText('/home/grace');
    screen.getByText('The folder that it would run in is not there.');
    screen.getByText('0123456789abcdef…');
    const lines = [...document.querySelectorAll('.diff li')].map((line) => line.textContent);
    expect(lines).toEqual(['one', 'removed: two', 'added: 2', '3 unchanged lines']);
  });

  it.each([
    ['Allow', 'allowApproval', undefined],
    ['Allow for this session', 'allowApproval', { scope: 'session' }],
    ['Deny', 'denyApproval', undefined],
    ['Deny and end session', 'denyApproval', { end_session: true }],
  ] as const)('%s sends what it says', async (name, endpoint, body) => {
    show();
    arm();
    press(name);
    await act(async () => {});
    const params = { approval_id: 'approval_1' };
    expect(agent.callsOf(endpoint)).toEqual([body ? { params, body } : { params }]);
    for (const button of screen.getAllByRole('button')) fireEvent.click(button);
    expect(agent.calls.filter(({ name: called }) => /Approval$/.test(called))).toHaveLength(1);
  });

  it('allows nothing in the first second, but denies', async () => {
    show();
    press('Allow');
    press('Allow for this session');
    expect(agent.callsOf('allowApproval')).toEqual([]);
    press('Deny and end session');
    await act(async () => {});
    expect(agent.callsOf('denyApproval')).toHaveLength(1);
  });
});
