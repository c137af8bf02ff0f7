// @vitest-environment happy-dom
import { act, cleanup, fireEvent, render, screen, within } from '@testing-library/react';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AgentRefusal } from '../../../../src-renderer/agent/api-client.ts';
import { AgentProvider } from '../../../../src-renderer/panel/agent-context.tsx';
import { ConnectCards } from '../../../../src-renderer/panel/connect-cards.tsx';
import { FakeAgent } from '../fakes/fake-agent.ts';
import { archived, liveRemote, liveScreen, snapshot } from '../fakes/sessions.ts';

const REMOTE = 'remote_a1b2c3d4';
const SCREEN = 'screen_5f6a7b8c';

describe('ConnectCards', () => {
  let agent: FakeAgent;

  beforeEach(() => {
    agent = new FakeAgent();
    agent.answers.startRemote = { session_id: REMOTE, status: 'active' };
    agent.answers.startScreenShare = { session_id: SCREEN, status: 'active' };
    agent.answers.stopRemote = {};
    agent.answers.stopScreenShare = {};
    render(
      <AgentProvider store={agent.store}>
        <ConnectCards />
      </AgentProvider>,
    );
  });

  afterEach(() => {
    cleanup();
    agent.store.close();
  });

  const card = (name: string) => within(screen.getByRole('region', { name }));
  const lines = (name: string) => card(name).getAllByRole('status')[0]?.textContent;
  const press = (label: string) => fireEvent.click(screen.getByRole('button', { name: label }));
  const push = (...sessions: Parameters<typeof snapshot>[0]) => act(() => agent.push(snapshot(sessions)));

  it('offers both with the modes, the presets and what they mean', () => {
    expect(screen.getAllByRole('button').map(({ textContent }) => textContent)).toEqual([
      '🔒 Remote Access',
      'Choose…',
      '📺 Screen Share',
    ]);
    expect(screen.getByRole<HTMLInputElement>('radio', { name: 'Supervised' }).checked).toBe(true);
    expect(screen.getByRole<HTMLInputElement>('radio', { name: 'Medium' }).checked).toBe(true);
    screen.getByText('Starts at once; you are asked before each command.');
    fireEvent.click(screen.getByRole('radio', { name: 'Autonomous' }));
    screen.getByText('Runs any command on this machine without asking again until it is stopped.');
    fireEvent.click(screen.getByRole('radio', { name: 'High' }));
    screen.getByText('Up to 1920 × 1080 at 60 frames per second.');
  });

  it('starts nothing while everything is stopped, says so, and forgets that afterwards', async () => {
    agent.answers.startRemote = new AgentRefusal(423, 'locked_by_owner', 'Everything was stopped.');
    press('🔒 Remote Access');
    await act(async () => agent.push(snapshot([], { locked: true })));
    for (const [name, label] of [
      ['Remote access', '🔒 Remote Access'],
      ['Screen share', '📺 Screen Share'],
    ] as const) {
      const button = card(name).getByRole('button', { name: label });
      expect(button.getAttribute('aria-disabled')).toBe('true');
      const reason = button.getAttribute('aria-describedby') ?? '';
      expect(document.getElementById(reason)?.textContent).toBe(
        'Everything is stopped. Allow sessions again above.',
      );
      fireEvent.click(button);
    }
    expect(agent.callsOf('startRemote')).toHaveLength(1);
    expect(agent.callsOf('startScreenShare')).toHaveLength(0);
    act(() => agent.push(snapshot([], { locked: false })));
    expect(screen.queryByText(/Everything is stopped/)).toBeNull();
    expect(screen.queryByRole('alert')).toBeNull();
    expect(card('Remote access').getByRole('button').getAttribute('aria-disabled')).toBe('false');
  });

  it('starts remote access in the chosen mode and shows it', async () => {
    fireEvent.click(screen.getByRole('radio', { name: 'Read only' }));
    press('🔒 Remote Access');
    expect(card('Remote access').getByRole('button').textContent).toBe('⏳ Loading...');
    await screen.findByRole('button', { name: '🔓 Connected' });
    expect(agent.callsOf('startRemote')).toEqual([{ body: { safety_mode: 'read_only' } }]);
    expect(lines('Remote access')).toBe('Session: remote_a1Status: Connected');
    expect(screen.getByText('remote_a1').tagName).toBe('CODE');
    expect(screen.getByRole('button', { name: '📺 Screen Share' })).toBeDefined();
  });

  it('shows where a share can be watched', async () => {
    press('📺 Screen Share');
    await screen.findByRole('button', { name: '📺 Sharing' });
    expect(agent.callsOf('startScreenShare')).toEqual([{ body: { quality: 'medium' } }]);
    expect(lines('Screen share')).toBe('Session: screen_5f6Status: Sharing (active)');
    const links = screen.getAllByRole<HTMLAnchorElement>('link');
    expect(links.map(({ textContent, href }) => [textContent, href])).toEqual([
      ['Open viewer', `${location.origin}/view/${SCREEN}`],
      [`${location.origin}/stream/${SCREEN}`, `${location.origin}/stream/${SCREEN}`],
    ]);
    screen.getByRole('button', { name: 'Copy link to the viewer' });
    screen.getByRole('button', { name: 'Copy the stream address' });
  });

  it('stops at the second press, says so and clears the id', async () => {
    press('🔒 Remote Access');
    await screen.findByRole('button', { name: '🔓 Connected' });
    press('🔓 Connected');
    await screen.findByRole('button', { name: '🔒 Remote Access' });
    expect(agent.callsOf('stopRemote')).toEqual([{ params: { session_id: REMOTE } }]);
    expect(lines('Remote access')).toBe('Status: Stopped');
  });

  it('follows an approval that is pushed, and cancels when pressed before it', async () => {
    agent.answers.startRemote = { session_id: REMOTE, status: 'pending_approval' };
    press('🔒 Remote Access');
    await screen.findByRole('button', { name: '🔐 Pending' });
    expect(lines('Remote access')).toBe('Status: Pending Approval');
    push(liveRemote({ session_id: REMOTE }));
    screen.getByRole('button', { name: '🔓 Connected' });
    push(liveRemote({ session_id: REMOTE, status: 'pending_approval' }));
    press('🔐 Pending');
    await screen.findByRole('button', { name: '🔒 Remote Access' });
  });

  it('says why a request was denied', async () => {
    agent.answers.startRemote = { session_id: REMOTE, status: 'pending_approval' };
    agent.answers.remoteStatus = archived({
      session_id: REMOTE,
      status: 'denied',
      stop_reason: 'Denied by the person at the machine',
    });
    press('🔒 Remote Access');
    await screen.findByRole('button', { name: '🔐 Pending' });
    push();
    await screen.findByText('Denied by the person at the machine.');
    screen.getByRole('button', { name: '🔒 Remote Access' });
  });

  it('shows a failure as an alert and stays as it was', async () => {
    agent.answers.startScreenShare = new AgentRefusal(503, 'no_screen', 'There is no screen to share.');
    press('📺 Screen Share');
    expect((await screen.findByRole('alert')).textContent).toBe('There is no screen to share.');
    screen.getByRole('button', { name: '📺 Screen Share' });
    agent.answers.startScreenShare = { session_id: SCREEN, status: 'active' };
    press('📺 Screen Share');
    await screen.findByRole('button', { name: '📺 Sharing' });
    expect(screen.queryByRole('alert')).toBeNull();
  });

  it('ignores presses while it is loading, and keeps the focus', async () => {
    const button = card('Remote access').getByRole('button');
    button.focus();
    fireEvent.click(button);
    fireEvent.click(button);
    expect(button.getAttribute('aria-disabled')).toBe('true');
    await screen.findByRole('button', { name: '🔓 Connected' });
    expect(agent.callsOf('startRemote')).toHaveLength(1);
    expect(document.activeElement).toBe(button);
  });

  it('says what ails the picture of its share', async () => {
    press('📺 Screen Share');
    await screen.findByRole('button', { name: '📺 Sharing' });
    const capture = { state: 'recovering', message: 'The screen is locked.' } as const;
    push(liveScreen({ session_id: SCREEN, capture, viewers: 2, frames_captured: 1204 }));
    screen.getByText('The screen is locked.');
    screen.getByText('1,204 frames');
    screen.getByText('2 viewers');
  });

  describe('with a countdown', () => {
    const count = async (seconds: number) => {
      for (let second = 0; second < seconds; second += 1) await act(async () => agent.clock.advance(1000));
    };
    beforeEach(() => {
      agent.answers.agentInfo = {
        locked: false,
        heartbeat_interval_seconds: 30,
        share_countdown_seconds: 3,
      };
    });

    it('starts a share only when it has run down', async () => {
      press('📺 Screen Share');
      await screen.findByRole('button', { name: '⏳ Starting in 3 s' });
      await count(2);
      screen.getByRole('button', { name: '⏳ Starting in 1 s' });
      expect(agent.callsOf('startScreenShare')).toEqual([]);
      await count(1);
      await screen.findByRole('button', { name: '📺 Sharing' });
      expect(agent.callsOf('startScreenShare')).toHaveLength(1);
    });

    it('starts nothing if it is pressed again', async () => {
      press('📺 Screen Share');
      press('📺 Screen Share');
      fireEvent.click(await screen.findByRole('button', { name: '⏳ Starting in 3 s' }));
      screen.getByRole('button', { name: '📺 Screen Share' });
      await count(10);
      expect(agent.callsOf('startScreenShare')).toEqual([]);
    });

    it('starts nothing once nobody sees it', async () => {
      press('📺 Screen Share');
      await screen.findByRole('button', { name: '⏳ Starting in 3 s' });
      cleanup();
      await count(10);
      expect(agent.callsOf('startScreenShare')).toEqual([]);
    });

    it('does not hold up remote access', async () => {
      press('🔒 Remote Access');
      await screen.findByRole('button', { name: '🔓 Connected' });
    });
  });
});
