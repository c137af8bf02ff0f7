import { nameAccelerator } from '#shared/accelerator';
import type { Approval } from '#shared/approvals';
import { isRecordingOn } from '#shared/recordings';
import { type LiveSession, type SessionType, shortSessionId } from '#shared/sessions';

/** Somebody who watches a screen share. */
export interface TrayViewer {
  readonly viewerId: string;
  readonly sessionId: string;
  /** Who it is, as far as that is known: a view key's name, or an address. */
  readonly name: string;
}

/** Everything that the tray shows. */
export interface TrayView {
  readonly sessions: readonly LiveSession[];
  readonly approvals: readonly Approval[];
  readonly viewers: readonly TrayViewer[];
  readonly locked: boolean;
  /** The live sessions that the tray menu itself has started, by type. */
  readonly own: Readonly<Record<SessionType, string | null>>;
  /** The global shortcut that stops everything; null if none is set. */
  readonly shortcut: { readonly accelerator: string; readonly works: boolean } | null;
}

/** What a menu item does. */
export type TrayAction =
  | { readonly act: 'start'; readonly type: SessionType }
  | { readonly act: 'stop'; readonly type: SessionType; readonly sessionId: string }
  | { readonly act: 'allow' | 'deny' | 'show_request'; readonly approvalId: string }
  | { readonly act: 'copy_link' | 'end_recording'; readonly sessionId: string }
  | { readonly act: 'disconnect'; readonly viewerId: string }
  | { readonly act: 'stop_all' | 'rearm' | 'open_panel' | 'quit' };

/** One line of the menu: an action, a submenu, or, with neither, a line to read. */
export type TrayItem =
  | 'separator'
  | {
      readonly label: string;
      readonly action?: TrayAction;
      readonly items?: readonly TrayItem[];
      /** Shown beside the label; pressing it is not the menu's business. */
      readonly accelerator?: string;
    };

/** The icon to show: what needs the person most. */
export type TrayState = 'none' | 'pending' | 'recording' | 'active' | 'failed';

// Longer names would make the menu as wide as the screen.
const MAX_NAME_LENGTH = 40;
// A link can bring an audience of 200, for which no menu is high enough.
const MAX_LISTED = 20;

/** The state that the icon tells of. */
export function deriveTrayState({ locked, approvals, sessions }: TrayView): TrayState {
  const hasFailed = sessions.some(
    (session) => session.type === 'screen_share' && session.capture.state === 'failed',
  );
  if (locked || hasFailed) return 'failed';
  if (approvals.length > 0) return 'pending';
  if (sessions.some(isRecorded)) return 'recording';
  return sessions.some(({ status }) => status === 'active') ? 'active' : 'none';
}

/** One line with everything that can be counted. */
export function describeTray({ locked, approvals, sessions, viewers }: TrayView): string {
  const active = sessions.filter(({ status }) => status === 'active');
  const recorded = active.filter(isRecorded);
  const countOf = (type: SessionType): number => active.filter((session) => session.type === type).length;
  const parts = [
    locked ? 'everything stopped' : '',
    approvals.length > 0 ? `${count(approvals.length, 'request')} waiting` : '',
    countOf('remote_access') > 0 ? count(countOf('remote_access'), 'remote session') : '',
    countOf('screen_share') > 0 ? count(countOf('screen_share'), 'screen share') : '',
    recorded.length > 0
      ? `${recorded.length === 1 ? 'a share is' : `${recorded.length} shares are`} being recorded`
      : '',
    viewers.length > 0 ? `${count(viewers.length, 'viewer')} watching` : '',
  ].filter((part) => part !== '');
  return `Porthole: ${parts.length > 0 ? parts.join(', ') : 'nobody connected'}`;
}

/** The whole menu, from what needs the person first to what ends the agent. */
export function buildTrayMenu(view: TrayView): TrayItem[] {
  return [
    { label: describeTray(view) },
    ...view.approvals.map(toRequestItem),
    'separator',
    connectItem(view, 'remote_access', 'Remote Access', 'Start Remote Access (Supervised)'),
    connectItem(view, 'screen_share', 'Screen Share', 'Start Screen Share (Medium)'),
    ...recordingItems(view),
    ...sessionItems(view),
    ...viewerItems(view),
    ...linkItems(view),
    'separator',
    ...stopItems(view),
    'separator',
    { label: 'Open Panel', action: { act: 'open_panel' } },
    { label: 'Quit Porthole', action: { act: 'quit' } },
  ];
}

const INDENT = '    ';

/**
 * The same menu without submenus: what was in one follows its label, indented. For Linux, where Electron keeps each
 * submenu of a tray for ever once it was set (see decision 0015), and a menu is set whenever something changes. Shortcuts
 * are part of the text: GTK refuses one in the menu of an icon that is drawn by XEmbed, with a warning each time.
 */
export function flattenTrayMenu(items: readonly TrayItem[], indent = ''): TrayItem[] {
  return items.flatMap((item) => {
    if (item === 'separator') return indent === '' ? [item] : [];
    const { items: inner = [], accelerator, ...line } = item;
    const keys = accelerator === undefined ? '' : ` (${nameAccelerator(accelerator)})`;
    return [
      { ...line, label: `${indent}${item.label}${keys}` },
      ...flattenTrayMenu(inner, `${indent}${INDENT}`),
    ];
  });
}

function toRequestItem(approval: Approval): TrayItem {
  const { approval_id: approvalId, user_id, session_id, summary, origin } = approval;
  return {
    label: `Waiting: ${shorten(user_id)} · ${shortSessionId(session_id)}`,
    items: [
      { label: `${summary}, from ${shorten(origin)}` },
      ...(approval.reason === undefined ? [] : [{ label: `“${shorten(approval.reason)}”` }]),
      { label: 'Show…', action: { act: 'show_request', approvalId } },
      'separator',
      { label: 'Allow', action: { act: 'allow', approvalId } },
      { label: 'Deny', action: { act: 'deny', approvalId } },
    ],
  };
}

function connectItem(view: TrayView, type: SessionType, name: string, startLabel: string): TrayItem {
  const sessionId = view.own[type];
  if (sessionId !== null) {
    return { label: `Stop ${name} (${shortSessionId(sessionId)})`, action: { act: 'stop', type, sessionId } };
  }
  return view.locked ? { label: startLabel } : { label: startLabel, action: { act: 'start', type } };
}

function sessionItems({ sessions, own }: TrayView): TrayItem[] {
  const others = sessions.filter(
    ({ session_id, status, type }) => status === 'active' && own[type] !== session_id,
  );
  if (others.length === 0) return [];
  const items = others.map(({ session_id: sessionId, user_id, type }): TrayItem => {
    const name = type === 'remote_access' ? 'Remote Access' : 'Screen Share';
    return {
      label: `${shorten(user_id)} · ${shortSessionId(sessionId)} · ${name}`,
      items: [{ label: 'Stop', action: { act: 'stop', type, sessionId } }],
    };
  });
  return [{ label: `Other Sessions (${others.length})`, items }];
}

/** Whether a share takes down what the screen shows, or would as soon as somebody goes on with it. */
function isRecorded(session: LiveSession): boolean {
  return (
    session.type === 'screen_share' && session.recording !== null && isRecordingOn(session.recording.state)
  );
}

function recordingItems({ sessions }: TrayView): TrayItem[] {
  return sessions.filter(isRecorded).map(({ session_id: sessionId, user_id }) => ({
    label: `End Recording (${shorten(user_id)} · ${shortSessionId(sessionId)})`,
    action: { act: 'end_recording', sessionId },
  }));
}

function viewerItems({ viewers }: TrayView): TrayItem[] {
  if (viewers.length === 0) return [];
  const items = viewers.slice(0, MAX_LISTED).map(
    ({ name, sessionId, viewerId }): TrayItem => ({
      label: `${shorten(name)} · ${shortSessionId(sessionId)}`,
      items: [{ label: 'Disconnect', action: { act: 'disconnect', viewerId } }],
    }),
  );
  const unlisted = viewers.length - items.length;
  if (unlisted > 0) items.push({ label: `${unlisted} more, see the panel` });
  return [{ label: `Watching (${viewers.length})`, items }];
}

function linkItems({ sessions }: TrayView): TrayItem[] {
  const shares = sessions.filter(({ type }) => type === 'screen_share');
  const toItem = (label: string, sessionId: string): TrayItem => ({
    label,
    action: { act: 'copy_link', sessionId },
  });
  const [first] = shares;
  if (!first) return [];
  if (shares.length === 1) return [toItem('Copy Stream Link', first.session_id)];
  return [
    {
      label: 'Copy Stream Link',
      items: shares.map(({ session_id, user_id }) =>
        toItem(`${shorten(user_id)} · ${shortSessionId(session_id)}`, session_id),
      ),
    },
  ];
}

function stopItems({ locked, shortcut }: TrayView): TrayItem[] {
  if (locked) return [{ label: 'Allow Sessions Again', action: { act: 'rearm' } }];
  const accelerator = shortcut?.works ? { accelerator: shortcut.accelerator } : {};
  const items: TrayItem[] = [{ label: 'Stop Everything', action: { act: 'stop_all' }, ...accelerator }];
  if (shortcut && !shortcut.works) {
    items.push({ label: `The shortcut ${shortcut.accelerator} is not available` });
  }
  return items;
}

function count(amount: number, noun: string): string {
  return `${amount} ${noun}${amount === 1 ? '' : 's'}`;
}

function shorten(text: string): string {
  const characters = [...text];
  if (characters.length <= MAX_NAME_LENGTH) return text;
  return `${characters.slice(0, MAX_NAME_LENGTH - 1).join('')}…`;
}
