import type { PrincipalKind } from '#shared/access';
import { type ErrorCode, PortholeError } from '#shared/errors';
import type { Route, RouteName } from './routes.ts';

/**
 * What a principal gets at an address: everything, what belongs to its own sessions (all others are not found), or
 * this refusal.
 */
export type Rule = 'allow' | 'own' | ErrorCode;

type Row = Readonly<Record<PrincipalKind, Rule>>;

const no = 'access_denied';

/** The person at the machine, and nobody else. */
const PERSON: Row = {
  local: 'allow',
  panel: 'allow',
  admin: no,
  operator: no,
  contained: no,
  viewer: no,
  guest: no,
};
/** Those who decide. */
const DECIDERS: Row = { ...PERSON, admin: 'allow' };
/** Those who start sessions; what an operator starts is asked for first. */
const STARTERS: Row = { ...DECIDERS, operator: 'allow' };
/** Those who work in sessions, an operator and a command in their own. */
const WORKERS: Row = { ...DECIDERS, operator: 'own', contained: 'own' };
/** Those who watch a share. */
const WATCHERS: Row = { ...WORKERS, viewer: 'own', guest: 'viewer_approval_required' };
/** Everybody: there is nothing in it but what anybody can download with the product. */
const PUBLIC: Row = {
  local: 'allow',
  panel: 'allow',
  admin: 'allow',
  operator: 'allow',
  contained: 'allow',
  viewer: 'allow',
  guest: 'allow',
};
/** Everybody who has been let in for anything but to watch. */
const KNOWN: Row = { ...PUBLIC, viewer: no, guest: no };

/**
 * Who gets what: every address of the agent against everybody who can ask. The guard answers by this table and by
 * nothing else; a route that it does not name is never served.
 */
export const ACCESS_TABLE: Readonly<Record<RouteName, Row>> = {
  startRemote: STARTERS,
  stopRemote: WORKERS,
  remoteStatus: WORKERS,
  approveRemote: DECIDERS,
  denyRemote: DECIDERS,

  executeCommand: WORKERS,
  listCommands: WORKERS,
  getCommand: WORKERS,
  approveCommand: DECIDERS,
  denyCommand: DECIDERS,
  cancelCommand: WORKERS,
  commandScreenshot: WORKERS,
  exportSession: WORKERS,

  startScreenShare: STARTERS,
  stopScreenShare: WORKERS,
  screenShareStatus: WORKERS,
  updateScreenShare: { ...DECIDERS, operator: 'own' },
  // The titles of windows and pictures of what is in them: nobody sees these who has not been let in.
  listSources: DECIDERS,
  sourceThumbnail: DECIDERS,

  activeSessions: WORKERS,
  heartbeat: WORKERS,
  checkDropped: DECIDERS,
  history: { ...WORKERS, contained: no },
  stopAll: DECIDERS,
  rearm: PERSON,

  listApprovals: DECIDERS,
  allowApproval: DECIDERS,
  denyApproval: DECIDERS,

  createToken: DECIDERS,
  listTokens: DECIDERS,
  rotateToken: DECIDERS,
  revokeToken: DECIDERS,

  createViewKey: { ...DECIDERS, operator: 'own' },
  listViewKeys: { ...DECIDERS, operator: 'own' },
  revokeViewKey: { ...DECIDERS, operator: 'own' },

  listViewers: { ...DECIDERS, operator: 'own' },
  kickViewer: { ...DECIDERS, operator: 'own' },
  askToView: { ...PUBLIC, operator: no, contained: no },
  viewRequest: { ...PUBLIC, operator: no, contained: no },

  logIn: { ...PERSON, local: no, panel: no, admin: 'allow' },
  logOut: PUBLIC,

  listWebhooks: DECIDERS,
  createWebhook: DECIDERS,
  deleteWebhook: DECIDERS,
  enableWebhook: DECIDERS,
  testWebhook: DECIDERS,
  listWebhookDeliveries: DECIDERS,
  retryWebhookDelivery: DECIDERS,

  recordShare: { ...DECIDERS, operator: 'own' },
  listRecordings: { ...DECIDERS, operator: 'own' },
  playRecording: { ...DECIDERS, operator: 'own' },
  deleteRecording: DECIDERS,

  getSettings: DECIDERS,
  changeSettings: PERSON,
  listAdvisories: DECIDERS,
  openScreenSettings: PERSON,
  updateState: DECIDERS,
  checkForUpdate: PERSON,
  downloadUpdate: PERSON,

  agentInfo: KNOWN,

  panel: PUBLIC,
  panelByName: PUBLIC,
  prompt: PERSON,
  apiDocs: KNOWN,
  asset: PUBLIC,
  viewPage: PUBLIC,

  stream: WATCHERS,
  streamState: WATCHERS,
  streamSnapshot: WATCHERS,
  events: { ...WATCHERS, guest: no },

  diagnostics: DECIDERS,

  health: PUBLIC,
  openapi: KNOWN,
  metrics: DECIDERS,
  mcp: { ...WORKERS, operator: 'own', contained: no },
  mcpListen: { ...WORKERS, operator: 'own', contained: no },
  mcpEnd: { ...WORKERS, operator: 'own', contained: no },

  elsewhere: {
    ...DECIDERS,
    operator: 'not_found',
    contained: 'not_found',
    viewer: 'not_found',
    guest: 'not_found',
  },
};

/** What `kind` gets at `route`. Throws the table's refusal. */
export function assertAllowed(route: Route, kind: PrincipalKind): 'allow' | 'own' {
  const rule = ACCESS_TABLE[route.name][kind];
  if (rule === 'allow' || rule === 'own') return rule;
  throw new PortholeError(rule);
}

/** Everything that somebody may be refused with at `route`. */
export function refusalsAt(route: RouteName): ErrorCode[] {
  const rules = new Set(Object.values(ACCESS_TABLE[route]));
  return [...rules].filter((rule) => rule !== 'allow' && rule !== 'own');
}
