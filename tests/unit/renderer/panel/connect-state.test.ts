import { describe, expect, it } from 'vitest';
import type { OwnSessionState } from '../../../../src-renderer/agent/own-session.ts';
import { deriveConnectView, selectSessionsElsewhere } from '../../../../src-renderer/panel/connect-state.ts';
import { liveRemote, liveScreen } from '../fakes/sessions.ts';

const NONE: OwnSessionState = { sessionId: null, status: null, operation: 'idle', end: null, error: null };
const REMOTE: OwnSessionState = { ...NONE, sessionId: 'remote_a1b2c3d4', status: 'active' };
const SCREEN: OwnSessionState = { ...NONE, sessionId: 'screen_5f6a7b8c', status: 'active' };
const PENDING: OwnSessionState = { ...REMOTE, status: 'pending_approval' };

describe('deriveConnectView', () => {
  it.each([
    ['remote, none', 'remote_access', NONE, '🔒 Remote Access', 'off', 'start', null, null],
    [
      'remote, starting',
      'remote_access',
      { ...NONE, operation: 'starting' },
      '⏳ Loading...',
      'busy',
      null,
      null,
      null,
    ],
    [
      'remote, stopping',
      'remote_access',
      { ...REMOTE, operation: 'stopping' },
      '⏳ Loading...',
      'busy',
      null,
      null,
      null,
    ],
    [
      'remote, pending',
      'remote_access',
      PENDING,
      '🔐 Pending',
      'pending',
      'cancel',
      null,
      'Pending Approval',
    ],
    ['remote, active', 'remote_access', REMOTE, '🔓 Connected', 'on', 'stop', 'remote_a1', 'Connected'],
    ['screen, none', 'screen_share', NONE, '📺 Screen Share', 'off', 'start', null, null],
    [
      'screen, starting',
      'screen_share',
      { ...NONE, operation: 'starting' },
      '⏳ Loading...',
      'busy',
      null,
      null,
      null,
    ],
    [
      'screen, stopping',
      'screen_share',
      { ...SCREEN, operation: 'stopping' },
      '⏳ Loading...',
      'busy',
      null,
      null,
      null,
    ],
    ['screen, active', 'screen_share', SCREEN, '📺 Sharing', 'on', 'stop', 'screen_5f6', 'Sharing (active)'],
  ] as const)('shows %s as the contract says', (_, type, own, label, tone, press, shortId, status) => {
    const view = deriveConnectView(type, own);
    expect(view).toMatchObject({ label, tone, press, status, error: null });
    expect(view.session?.shortId ?? null).toBe(shortId);
  });

  it('gives the stream address of a share and none of remote access', () => {
    expect(deriveConnectView('screen_share', SCREEN).session?.streamUrl).toBe('/stream/screen_5f6a7b8c');
    expect(deriveConnectView('remote_access', REMOTE).session?.streamUrl).toBeNull();
  });

  it.each([
    ['remote_access', NONE],
    ['remote_access', PENDING],
    ['remote_access', REMOTE],
    ['screen_share', SCREEN],
  ] as const)('looks as before after a failure, with the error added (%s)', (type, own) => {
    const error = 'The agent cannot be reached.';
    expect(deriveConnectView(type, { ...own, error })).toEqual({ ...deriveConnectView(type, own), error });
  });

  it('says Stopped and shows no id after a stop', () => {
    const view = deriveConnectView('remote_access', {
      ...NONE,
      end: { status: 'stopped', explanation: null },
    });
    expect(view).toMatchObject({
      label: '🔒 Remote Access',
      status: 'Stopped',
      session: null,
      explanation: null,
    });
  });

  it('says how and why it ended elsewhere', () => {
    const end = { status: 'denied', explanation: 'Denied by the person at the machine.' } as const;
    expect(deriveConnectView('remote_access', { ...NONE, end })).toMatchObject({
      label: '🔒 Remote Access',
      press: 'start',
      status: 'Denied',
      explanation: 'Denied by the person at the machine.',
    });
  });

  it('waits while it does not yet know what became of the session', () => {
    const view = deriveConnectView('remote_access', { ...REMOTE, status: null });
    expect(view).toMatchObject({ label: '⏳ Loading...', press: null, status: null });
  });
});

describe('selectSessionsElsewhere', () => {
  it('leaves out what this page started', () => {
    const sessions = [liveRemote({ session_id: 'remote_a1b2c3d4' }), liveRemote(), liveScreen()];
    expect(selectSessionsElsewhere(sessions, [REMOTE, NONE])).toEqual(sessions.slice(1));
  });
});
