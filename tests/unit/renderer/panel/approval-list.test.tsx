// @vitest-environment happy-dom
import { act, cleanup, fireEvent, render, screen } from '@testing-library/react';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { AgentProvider } from '../../../../src-renderer/panel/agent-context.tsx';
import { ApprovalList } from '../../../../src-renderer/panel/approval-list.tsx';
import { FakeAgent } from '../fakes/fake-agent.ts';
import { Intersections } from '../fakes/intersections.ts';
import { approval, snapshot } from '../fakes/sessions.ts';

const ONE = approval({ approval_id: 'approval_1', user_id: 'one' });
const TWO = approval({ approval_id: 'approval_2', user_id: 'two' });

describe('ApprovalList', () => {
  let agent: FakeAgent;
  let intersections: Intersections;

  beforeEach(() => {
    agent = new FakeAgent();
    agent.answers.allowApproval = {};
    agent.answers.denyApproval = {};
    intersections = new Intersections();
    intersections.install();
    agent.push(snapshot([], { approvals: [ONE] }));
    render(
      <AgentProvider store={agent.store}>
        <ApprovalList />
      </AgentProvider>,
    );
  });

  afterEach(() => {
    cleanup();
    agent.store.close();
    vi.unstubAllGlobals();
    vi.restoreAllMocks();
  });

  const allow = () => screen.getAllByRole('button', { name: 'Allow' })[0] as HTMLElement;
  const look = (isInView: boolean) => act(() => intersections.report(isInView));
  const wait = (ms: number) => act(() => agent.clock.advance(ms));
  const allowed = () => agent.callsOf('allowApproval');

  it('tells who asks for what, what that permits, why and from where', () => {
    const asked = approval({ user_id: 'build agent', reason: 'Nightly', origin: '192.168.1.4' });
    act(() => agent.push(snapshot([], { approvals: [asked] })));
    for (const text of [
      'build agent',
      'Nightly',
      '192.168.1.4',
      'Remote access in autonomous mode',
      '1:00',
    ]) {
      screen.getByText(text);
    }
    screen.getByText(/Runs any command on this machine without asking again/);
  });

  it('allows nothing before it has been in view for a second', () => {
    fireEvent.click(allow());
    look(true);
    wait(999);
    expect(allow().getAttribute('aria-disabled')).toBe('true');
    fireEvent.click(allow());
    expect(allowed()).toEqual([]);
    wait(1);
    fireEvent.click(allow());
    expect(allowed()).toEqual([{ params: { approval_id: 'approval_1' } }]);
  });

  it('allows nothing while the page is hidden', () => {
    look(true);
    wait(1000);
    vi.spyOn(document, 'visibilityState', 'get').mockReturnValue('hidden');
    act(() => void document.dispatchEvent(new Event('visibilitychange')));
    fireEvent.click(allow());
    expect(allowed()).toEqual([]);
  });

  it('begins anew when something pushed it to another place', () => {
    look(true);
    wait(1000);
    vi.spyOn(allow(), 'getBoundingClientRect').mockReturnValue({ left: 0, top: 200 } as DOMRect);
    act(() => agent.push(snapshot([], { approvals: [ONE, TWO] })));
    fireEvent.click(allow());
    expect(allowed()).toEqual([]);
  });

  it('sends one decision, however often it is pressed', () => {
    look(true);
    wait(1000);
    const button = allow();
    fireEvent.click(button);
    fireEvent.click(button);
    fireEvent.click(screen.getByRole('button', { name: 'Deny' }));
    expect(allowed()).toHaveLength(1);
    expect(agent.callsOf('denyApproval')).toEqual([]);
  });

  it('denies at once', () => {
    fireEvent.click(screen.getByRole('button', { name: 'Deny' }));
    expect(agent.callsOf('denyApproval')).toEqual([{ params: { approval_id: 'approval_1' } }]);
  });

  it('takes the focus to nothing', () => {
    expect(document.activeElement).toBe(document.body);
  });

  it('says why a decision failed and lets the person try again', async () => {
    delete agent.answers.denyApproval;
    fireEvent.click(screen.getByRole('button', { name: 'Deny' }));
    await screen.findByRole('alert');
    fireEvent.click(screen.getByRole('button', { name: 'Deny' }));
    expect(agent.callsOf('denyApproval')).toHaveLength(2);
  });

  it('lets go of what it watched when the request is gone', () => {
    look(true);
    act(() => agent.push(snapshot([])));
    expect(screen.queryByRole('button')).toBeNull();
    expect(intersections.count).toBe(0);
  });
});
