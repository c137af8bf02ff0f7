import { describe, expect, it } from 'vitest';
import {
  buildTrayMenu,
  deriveTrayState,
  describeTray,
  flattenTrayMenu,
  type TrayItem,
  type TrayView,
} from '../../../src-main/desktop/tray-menu.ts';
import type { Approval } from '../../../src-shared/approvals.ts';
import type { LiveRemote, LiveScreen } from '../../../src-shared/sessions.ts';
import { PRIMARY_SCREEN } from '../../../src-shared/sources.ts';

const AT = '2026-01-01T00:00:00.000Z';
const common = { user_id: 'ann', started_at: AT, duration_seconds: 1, last_activity: AT };
const remote: LiveRemote = {
  ...common,
  session_id: 'remote_a1b2c3d4',
  type: 'remote_access',
  status: 'active',
  safety_mode: 'supervised',
  commands_executed: 0,
};
const share: LiveScreen = {
  ...common,
  session_id: 'screen_5f6a7b8c',
  type: 'screen_share',
  status: 'active',
  quality: 'medium',
  source: PRIMARY_SCREEN,
  paused: false,
  recording: null,
  cursor: true,
  stream_url: '/stream/screen_5f6a7b8c',
  frames_captured: 0,
  frame_size: null,
  capture: { state: 'live' },
  viewers: 0,
};
const request: Approval = {
  approval_id: 'approval_1',
  kind: 'session',
  session_id: 'remote_00000001',
  user_id: 'bob',
  summary: 'Remote access in autonomous mode',
  safety_mode: 'autonomous',
  origin: 'this machine',
  requested_at: AT,
  expires_at: AT,
  seconds_left: 60,
};
const idle: TrayView = {
  sessions: [],
  approvals: [],
  viewers: [],
  locked: false,
  own: { remote_access: null, screen_share: null },
  shortcut: { accelerator: 'CommandOrControl+Alt+Shift+X', works: true },
};

const recorded = {
  ...share,
  recording: {
    recording_id: 'recording_0000000a',
    state: 'recording',
    reason: null,
    duration_seconds: 1,
    size_bytes: 1000,
  },
} as const satisfies LiveScreen;

/** The labels as a person reads them, those of submenus indented. */
function read(items: readonly TrayItem[], indent = ''): string[] {
  return items.flatMap((item) => {
    if (item === 'separator') return [`${indent}--`];
    const mark = item.action || item.items ? '' : ' (off)';
    return [`${indent}${item.label}${mark}`, ...read(item.items ?? [], `${indent}  `)];
  });
}

/** What the item with this label does. */
function actionOf(items: readonly TrayItem[], label: string): unknown {
  for (const item of items) {
    if (item === 'separator') continue;
    if (item.label === label && item.action) return item.action;
    const inner = actionOf(item.items ?? [], label);
    if (inner) return inner;
  }
  return undefined;
}

describe('deriveTrayState', () => {
  it.each([
    ['none', {}],
    ['none', { sessions: [{ ...remote, status: 'pending_approval' }] }],
    ['active', { sessions: [remote] }],
    ['active', { sessions: [share] }],
    ['active', { sessions: [{ ...share, capture: { state: 'recovering' } }] }],
    ['recording', { sessions: [remote, recorded] }],
    ['recording', { sessions: [{ ...recorded, recording: { ...recorded.recording, state: 'paused' } }] }],
    ['active', { sessions: [{ ...recorded, recording: { ...recorded.recording, state: 'failed' } }] }],
    ['pending', { approvals: [request], sessions: [recorded] }],
    ['pending', { approvals: [request] }],
    ['pending', { approvals: [request], sessions: [remote, share] }],
    [
      'failed',
      { sessions: [{ ...share, capture: { state: 'failed', message: 'No picture' } }], approvals: [request] },
    ],
    ['failed', { locked: true }],
  ] as [string, Partial<TrayView>][])('is %s', (state, view) => {
    expect(deriveTrayState({ ...idle, ...view })).toBe(state);
  });
});

describe('describeTray', () => {
  it('counts what there is', () => {
    expect(describeTray(idle)).toBe('Porthole: nobody connected');
    const viewers = ['1', '2'].map((viewerId) => ({
      viewerId,
      sessionId: share.session_id,
      name: '127.0.0.1',
    }));
    const busy = { ...idle, sessions: [remote, share], approvals: [request], viewers };
    expect(describeTray(busy)).toBe(
      'Porthole: 1 request waiting, 1 remote session, 1 screen share, 2 viewers watching',
    );
    expect(describeTray({ ...idle, locked: true })).toBe('Porthole: everything stopped');
  });
});

describe('buildTrayMenu', () => {
  it('of an idle agent can start, stop, open and quit', () => {
    expect(read(buildTrayMenu(idle))).toEqual([
      'Porthole: nobody connected (off)',
      '--',
      'Start Remote Access (Supervised)',
      'Start Screen Share (Medium)',
      '--',
      'Stop Everything',
      '--',
      'Open Panel',
      'Quit Porthole',
    ]);
  });

  it('puts requests first, each with its answers behind a submenu', () => {
    const menu = buildTrayMenu({ ...idle, approvals: [{ ...request, reason: 'to fix the printer' }] });
    expect(read(menu).slice(1, 8)).toEqual([
      'Waiting: bob · remote_00',
      '  Remote access in autonomous mode, from this machine (off)',
      '  “to fix the printer” (off)',
      '  Show…',
      '  --',
      '  Allow',
      '  Deny',
    ]);
    expect(actionOf(menu, 'Show…')).toEqual({ act: 'show_request', approvalId: 'approval_1' });
    expect(actionOf(menu, 'Allow')).toEqual({ act: 'allow', approvalId: 'approval_1' });
    expect(actionOf(menu, 'Deny')).toEqual({ act: 'deny', approvalId: 'approval_1' });
  });

  it('stops what it started, and lists what others did', () => {
    const menu = buildTrayMenu({
      ...idle,
      sessions: [remote, share, { ...remote, session_id: 'remote_ffffffff', user_id: 'cyd' }],
      own: { remote_access: remote.session_id, screen_share: null },
    });
    expect(read(menu).slice(2, 6)).toEqual([
      'Stop Remote Access (remote_a1)',
      'Start Screen Share (Medium)',
      'Other Sessions (2)',
      '  ann · screen_5f6 · Screen Share',
    ]);
    expect(actionOf(menu, 'Stop Remote Access (remote_a1)')).toEqual({
      act: 'stop',
      type: 'remote_access',
      sessionId: remote.session_id,
    });
    expect(actionOf(menu, 'Stop')).toEqual({
      act: 'stop',
      type: 'screen_share',
      sessionId: share.session_id,
    });
  });

  it('says what is recorded, and ends that', () => {
    const view = { ...idle, sessions: [recorded] };
    expect(describeTray(view)).toBe('Porthole: 1 screen share, a share is being recorded');
    expect(actionOf(buildTrayMenu(view), 'End Recording (ann · screen_5f6)')).toEqual({
      act: 'end_recording',
      sessionId: share.session_id,
    });
    expect(read(buildTrayMenu({ ...idle, sessions: [share] }))).not.toContain(
      'End Recording (ann · screen_5f6)',
    );
  });

  it('says who watches and lets each be sent away', () => {
    const viewers = [{ viewerId: 'viewer_1', sessionId: share.session_id, name: '192.0.2.7' }];
    const menu = buildTrayMenu({ ...idle, sessions: [share], viewers });
    expect(read(menu)).toEqual(
      expect.arrayContaining(['Watching (1)', '  192.0.2.7 · screen_5f6', '    Disconnect']),
    );
    expect(actionOf(menu, 'Disconnect')).toEqual({ act: 'disconnect', viewerId: 'viewer_1' });
  });

  it('lists no more viewers than a menu is high, and says how many more there are', () => {
    const viewers = Array.from({ length: 200 }, (_each, at) => ({
      viewerId: `viewer_${at}`,
      sessionId: share.session_id,
      name: 'A link',
    }));
    const labels = read(buildTrayMenu({ ...idle, sessions: [share], viewers }));
    expect(labels.filter((label) => label === '  A link · screen_5f6')).toHaveLength(20);
    expect(labels).toEqual(expect.arrayContaining(['Watching (200)', '  180 more, see the panel (off)']));
  });

  it('copies the link of the one share, or of the one that is chosen', () => {
    const one = buildTrayMenu({ ...idle, sessions: [share, remote] });
    expect(actionOf(one, 'Copy Stream Link')).toEqual({ act: 'copy_link', sessionId: share.session_id });
    const two = buildTrayMenu({ ...idle, sessions: [share, { ...share, session_id: 'screen_ffffffff' }] });
    expect(actionOf(two, 'ann · screen_fff')).toEqual({ act: 'copy_link', sessionId: 'screen_ffffffff' });
  });

  it('of a locked agent starts nothing and re-arms', () => {
    const labels = read(buildTrayMenu({ ...idle, locked: true }));
    expect(labels).toEqual(
      expect.arrayContaining([
        'Start Remote Access (Supervised) (off)',
        'Start Screen Share (Medium) (off)',
        'Allow Sessions Again',
      ]),
    );
    expect(labels).not.toContain('Stop Everything');
  });

  it('shows the shortcut, or that it does not work', () => {
    const find = (view: TrayView) =>
      buildTrayMenu(view).find((item) => item !== 'separator' && item.label === 'Stop Everything');
    expect(find(idle)).toMatchObject({ accelerator: 'CommandOrControl+Alt+Shift+X' });
    const taken = { ...idle, shortcut: { accelerator: 'F1', works: false } };
    expect(find(taken)).not.toHaveProperty('accelerator');
    expect(read(buildTrayMenu(taken))).toContain('The shortcut F1 is not available (off)');
    expect(find({ ...idle, shortcut: null })).not.toHaveProperty('accelerator');
  });

  it('keeps long names short', () => {
    const menu = buildTrayMenu({ ...idle, approvals: [{ ...request, user_id: '🚀'.repeat(200) }] });
    expect(read(menu)[1]).toBe(`Waiting: ${'🚀'.repeat(39)}… · remote_00`);
  });
});

describe('flattenTrayMenu', () => {
  it('has every line and action of the menu, in its order, and no submenu', () => {
    const menu: TrayItem[] = [
      { label: 'Open', action: { act: 'open_panel' } },
      'separator',
      {
        label: 'Watching (1)',
        items: [
          {
            label: '192.0.2.7',
            items: [
              'separator',
              { label: 'Disconnect', action: { act: 'disconnect', viewerId: 'viewer_1' } },
            ],
          },
        ],
      },
      { label: 'Stop', action: { act: 'stop_all' }, accelerator: 'CommandOrControl+Alt+X' },
    ];
    const flat = flattenTrayMenu(menu);
    expect(read(flat)).toEqual([
      'Open',
      '--',
      'Watching (1) (off)',
      '    192.0.2.7 (off)',
      '        Disconnect',
      'Stop (Ctrl+Alt+X)',
    ]);
    expect(flat.every((item) => item === 'separator' || !('accelerator' in item))).toBe(true);
    expect(flat.every((item) => item === 'separator' || !('items' in item))).toBe(true);
    expect(actionOf(flat, '        Disconnect')).toEqual({ act: 'disconnect', viewerId: 'viewer_1' });
    expect(actionOf(flat, 'Stop (Ctrl+Alt+X)')).toEqual({ act: 'stop_all' });
  });
});
