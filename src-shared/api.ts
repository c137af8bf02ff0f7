import { z } from 'zod';
import {
  askToViewBodySchema,
  createTokenBodySchema,
  createViewKeyBodySchema,
  principalKindSchema,
  reachSchema,
  tokenSchema,
  viewerSchema,
  viewKeySchema,
  viewRequestStateSchema,
} from './access.ts';
import { advisorySchema } from './advisories.ts';
import { approvalSchema } from './approvals.ts';
import { allowBodySchema, COMMAND_API, denyBodySchema } from './command-api.ts';
import type { ErrorCode } from './errors.ts';
import { qualitySchema } from './presets.ts';
import { wholeNumber } from './query-values.ts';
import { RECORDING_API } from './recording-api.ts';
import {
  archivedRemoteSchema,
  archivedScreenSchema,
  archivedSessionSchema,
  liveRemoteSchema,
  liveScreenSchema,
  liveSessionSchema,
  sessionTypeSchema,
  startRemoteBodySchema,
  startScreenBodySchema,
  timestampSchema,
  updateScreenBodySchema,
} from './sessions.ts';
import { SETTINGS_API } from './settings-api.ts';
import { shareSourceSchema } from './sources.ts';
import { STREAM_API } from './stream-api.ts';
import { callerTextSchema } from './text.ts';
import { updateStateSchema } from './updates.ts';
import { WEBHOOK_API } from './webhook-api.ts';

/** One endpoint of the JSON API: what it takes and what it answers. Routes, client and OpenAPI derive from it. */
export interface Endpoint {
  readonly method: 'get' | 'post' | 'delete';
  /** The path with `{name}` for each parameter. */
  readonly path: string;
  readonly summary: string;
  readonly params: z.ZodObject;
  readonly query: z.ZodObject;
  readonly body: z.ZodType;
  /** Whether `?key=` lets a viewer in. */
  readonly takesKey?: boolean;
  /** The most bytes that a request's body may have, where that is more than usual. */
  readonly maxBodyBytes?: number;
  /** The status of a good answer, 200 if it is left out. */
  readonly status?: 200 | 202;
  /** The body of a good answer. */
  readonly answer: z.ZodType;
  /** Refusals besides those that any endpoint can give. */
  readonly errors: readonly ErrorCode[];
}

const none = z.strictObject({});
const ofSession = z.strictObject({ session_id: z.string() });
const ofToken = z.strictObject({ token_id: z.string() });
const ofApproval = z.strictObject({ approval_id: z.string() });
const success = z.literal(true);
const withReason = z.strictObject({ reason: callerTextSchema.optional() });

const timeoutMinutes = z
  .string()
  .refine((text) => /^\d{1,10}(\.\d{1,10})?$/.test(text), 'must be a number above 0 and up to 1440')
  .transform(Number)
  .pipe(z.number().positive().max(1440))
  .default(5)
  .meta({ override: { type: 'number', exclusiveMinimum: 0, maximum: 1440, default: 5 } });

/** The JSON API, endpoint by endpoint, in the order of its documentation. */
export const API = {
  startRemote: {
    method: 'post',
    path: '/api/remote/start',
    summary: 'Start a remote access session',
    params: none,
    query: none,
    body: startRemoteBodySchema,
    answer: z.object({
      success,
      session_id: z.string(),
      status: z.enum(['active', 'pending_approval']),
      requires_approval: z.boolean(),
      message: z.string(),
      approval_id: z.string().optional(),
      expires_at: timestampSchema.optional(),
    }),
    errors: ['locked_by_owner', 'too_many_sessions', 'no_place_to_ask'],
  },
  stopRemote: {
    method: 'post',
    path: '/api/remote/stop/{session_id}',
    summary: 'Stop a remote access session; safe to retry',
    params: ofSession,
    query: none,
    body: withReason,
    answer: z.object({
      success,
      session_id: z.string(),
      status: archivedRemoteSchema.shape.status,
      commands_executed: z.int().min(0),
      duration_seconds: z.number().min(0),
      already_ended: z.literal(true).optional(),
    }),
    errors: ['session_not_found'],
  },
  remoteStatus: {
    method: 'get',
    path: '/api/remote/status/{session_id}',
    summary: 'State of a remote access session, live or ended',
    params: ofSession,
    query: none,
    body: none,
    answer: z.union([liveRemoteSchema, archivedRemoteSchema]),
    errors: ['session_not_found'],
  },
  approveRemote: {
    method: 'post',
    path: '/api/remote/approve/{session_id}',
    summary: 'Approve a pending remote access session',
    params: ofSession,
    query: none,
    body: none,
    answer: z.object({ success, session_id: z.string(), status: z.literal('active') }),
    errors: ['session_not_found', 'session_not_pending'],
  },
  denyRemote: {
    method: 'post',
    path: '/api/remote/deny/{session_id}',
    summary: 'Deny a pending remote access session',
    params: ofSession,
    query: none,
    body: withReason,
    answer: z.object({ success, session_id: z.string(), status: z.literal('denied') }),
    errors: ['session_not_found', 'session_not_pending'],
  },
  startScreenShare: {
    method: 'post',
    path: '/api/screen_share/start',
    summary: 'Start to share the screen',
    params: none,
    query: none,
    body: startScreenBodySchema,
    answer: z.object({
      success,
      session_id: z.string(),
      status: z.enum(['active', 'pending_approval']),
      /** There while approval is pending, as it is if a token started the share. */
      requires_approval: z.literal(true).optional(),
      stream_url: z.string(),
      quality: qualitySchema,
      approval_id: z.string().optional(),
      expires_at: timestampSchema.optional(),
    }),
    errors: [
      'locked_by_owner',
      'too_many_sessions',
      'no_screen',
      'portal_unavailable',
      'screen_permission_denied',
      'source_not_found',
      'no_place_to_ask',
      'recording_off',
      'recordings_full',
    ],
  },
  stopScreenShare: {
    method: 'post',
    path: '/api/screen_share/stop',
    summary: 'Stop a screen share; safe to retry',
    params: none,
    query: none,
    body: z.strictObject({ session_id: z.string(), reason: callerTextSchema.optional() }),
    answer: z.object({
      success,
      session_id: z.string(),
      status: archivedScreenSchema.shape.status,
      frames_captured: z.int().min(0),
      duration_seconds: z.number().min(0),
      already_ended: z.literal(true).optional(),
    }),
    errors: ['session_not_found'],
  },
  updateScreenShare: {
    method: 'post',
    path: '/api/screen_share/update/{session_id}',
    summary: 'Change what a running screen share shows, pause it or resume it; its viewers stay',
    params: ofSession,
    query: none,
    body: updateScreenBodySchema,
    answer: z.object({
      success,
      session_id: z.string(),
      quality: qualitySchema,
      source: liveScreenSchema.shape.source,
      paused: z.boolean(),
      cursor: z.boolean(),
    }),
    errors: [
      'session_not_found',
      'session_not_active',
      'session_ended',
      'beyond_grant',
      'source_not_found',
      'cursor_always_shown',
      'no_screen',
      'portal_unavailable',
      'screen_permission_denied',
    ],
  },
  listSources: {
    method: 'get',
    path: '/api/screen_share/sources',
    summary: 'The screens and windows that can be shared now',
    params: none,
    query: none,
    body: none,
    answer: z.object({ sources: z.array(shareSourceSchema), total: z.int().min(0) }),
    errors: ['no_screen', 'portal_unavailable', 'screen_permission_denied'],
  },
  screenShareStatus: {
    method: 'get',
    path: '/api/screen_share/status/{session_id}',
    summary: 'State of a screen share, live or ended',
    params: ofSession,
    query: none,
    body: none,
    answer: z.union([liveScreenSchema, archivedScreenSchema]),
    errors: ['session_not_found'],
  },
  activeSessions: {
    method: 'get',
    path: '/api/sessions/active',
    summary: 'All live sessions of both types, pending ones included',
    params: none,
    query: none,
    body: none,
    answer: z.object({ active_sessions: z.array(liveSessionSchema), total: z.int().min(0) }),
    errors: [],
  },
  heartbeat: {
    method: 'post',
    path: '/api/sessions/heartbeat/{session_id}',
    summary: 'Tell that the client of a session is alive',
    params: ofSession,
    query: none,
    body: none,
    answer: z.object({ success, session_id: z.string(), last_activity: timestampSchema }),
    errors: ['session_not_found', 'session_ended'],
  },
  checkDropped: {
    method: 'post',
    path: '/api/sessions/check_dropped',
    summary: 'Drop every session without a sign of life for so many minutes',
    params: none,
    query: z.strictObject({ timeout_minutes: timeoutMinutes }),
    body: none,
    answer: z.object({ success, dropped_sessions: z.array(z.string()), count: z.int().min(0) }),
    errors: [],
  },
  history: {
    method: 'get',
    path: '/api/sessions/history',
    summary: 'Ended sessions, newest end first',
    params: none,
    query: z.strictObject({
      limit: wholeNumber(1, 1000, 50),
      offset: wholeNumber(0, 1_000_000_000, 0),
      type: sessionTypeSchema.optional(),
      user_id: callerTextSchema.optional(),
      since: z.iso.datetime({ offset: true }).optional(),
    }),
    body: none,
    answer: z.object({ history: z.array(archivedSessionSchema), total: z.int().min(0) }),
    errors: [],
  },
  stopAll: {
    method: 'post',
    path: '/api/sessions/stop_all',
    summary: 'End every session and let none start until the owner re-arms',
    params: none,
    query: none,
    body: withReason,
    answer: z.object({
      success,
      stopped_sessions: z.array(z.string()),
      count: z.int().min(0),
      locked: z.literal(true),
    }),
    errors: [],
  },
  rearm: {
    method: 'post',
    path: '/api/sessions/rearm',
    summary: 'Let sessions start again after everything was stopped',
    params: none,
    query: none,
    body: none,
    answer: z.object({ success, locked: z.literal(false) }),
    errors: [],
  },
  ...COMMAND_API,
  listApprovals: {
    method: 'get',
    path: '/api/approvals',
    summary: 'Everything that waits for a decision, oldest first',
    params: none,
    query: none,
    body: none,
    answer: z.object({ approvals: z.array(approvalSchema), total: z.int().min(0) }),
    errors: [],
  },
  allowApproval: {
    method: 'post',
    path: '/api/approvals/{approval_id}/allow',
    summary: 'Allow what was asked for; the first decision wins',
    params: ofApproval,
    query: none,
    body: allowBodySchema,
    answer: z.object({ success, approval_id: z.string(), decision: z.literal('allowed') }),
    errors: ['approval_not_found', 'approval_decided'],
  },
  denyApproval: {
    method: 'post',
    path: '/api/approvals/{approval_id}/deny',
    summary: 'Deny what was asked for; the first decision wins',
    params: ofApproval,
    query: none,
    body: denyBodySchema,
    answer: z.object({ success, approval_id: z.string(), decision: z.literal('denied') }),
    errors: ['approval_not_found', 'approval_decided'],
  },
  createToken: {
    method: 'post',
    path: '/api/tokens',
    summary: 'Make a token for a person or a program; its secret is told this once',
    params: none,
    query: none,
    body: createTokenBodySchema,
    answer: tokenSchema.extend({ success, token: z.string() }),
    errors: ['too_many_tokens'],
  },
  listTokens: {
    method: 'get',
    path: '/api/tokens',
    summary: 'The tokens that work, without their secrets',
    params: none,
    query: none,
    body: none,
    answer: z.object({ tokens: z.array(tokenSchema), total: z.int().min(0) }),
    errors: [],
  },
  rotateToken: {
    method: 'post',
    path: '/api/tokens/{token_id}/rotate',
    summary: 'Give a token a new secret; the old one stops working at once',
    params: ofToken,
    query: none,
    body: none,
    answer: tokenSchema.extend({ success, token: z.string() }),
    errors: ['token_not_found'],
  },
  revokeToken: {
    method: 'delete',
    path: '/api/tokens/{token_id}',
    summary: 'Revoke a token: what it made, started and watches ends at once',
    params: ofToken,
    query: none,
    body: none,
    answer: z.object({ success, token_id: z.string() }),
    errors: ['token_not_found'],
  },
  createViewKey: {
    method: 'post',
    path: '/api/screen_share/{session_id}/keys',
    summary: 'Make a key that lets whoever has it watch this share, and nothing else',
    params: ofSession,
    query: none,
    body: createViewKeyBodySchema,
    answer: viewKeySchema.extend({
      success,
      key: z.string(),
      view_url: z.string(),
      stream_url: z.string(),
    }),
    errors: ['session_not_found', 'session_not_active', 'stream_ended', 'too_many_keys'],
  },
  listViewKeys: {
    method: 'get',
    path: '/api/screen_share/{session_id}/keys',
    summary: "A share's view keys that work, without the keys themselves",
    params: ofSession,
    query: none,
    body: none,
    answer: z.object({ keys: z.array(viewKeySchema), total: z.int().min(0) }),
    errors: ['session_not_found', 'session_not_active', 'stream_ended'],
  },
  revokeViewKey: {
    method: 'delete',
    path: '/api/screen_share/{session_id}/keys/{key_id}',
    summary: 'Revoke a view key; whoever watches by it is cut off at once',
    params: z.strictObject({ session_id: z.string(), key_id: z.string() }),
    query: none,
    body: none,
    answer: z.object({ success, key_id: z.string() }),
    errors: ['session_not_found', 'session_not_active', 'stream_ended', 'key_not_found'],
  },
  listViewers: {
    method: 'get',
    path: '/api/viewers',
    summary: 'Everybody who watches a share now',
    params: none,
    query: z.strictObject({ session_id: z.string().optional() }),
    body: none,
    answer: z.object({ viewers: z.array(viewerSchema), total: z.int().min(0) }),
    errors: [],
  },
  kickViewer: {
    method: 'post',
    path: '/api/viewers/{viewer_id}/kick',
    summary: 'Send a viewer away; what let it in lets it in no more',
    params: z.strictObject({ viewer_id: z.string() }),
    query: none,
    body: none,
    answer: z.object({ success, viewer_id: z.string() }),
    errors: ['viewer_not_found'],
  },
  askToView: {
    method: 'post',
    path: '/api/viewers/ask',
    summary: 'Ask the person at the machine for leave to watch a share; the answer comes with a cookie',
    params: none,
    query: none,
    body: askToViewBodySchema,
    answer: z.object({ success, session_id: z.string(), status: viewRequestStateSchema }),
    errors: [
      'session_not_found',
      'session_not_active',
      'stream_ended',
      'too_many_requests',
      'no_place_to_ask',
    ],
  },
  viewRequest: {
    method: 'get',
    path: '/api/viewers/ask',
    summary: 'How far this browser has come with its wish to watch a share',
    params: none,
    query: z.strictObject({ session_id: z.string() }),
    body: none,
    answer: z.object({ session_id: z.string(), status: viewRequestStateSchema }),
    errors: [],
  },
  logIn: {
    method: 'post',
    path: '/api/login',
    summary: 'Swap an admin token, sent as a bearer, for a cookie that lets this browser use the panel',
    params: none,
    query: none,
    body: none,
    answer: z.object({ success, name: z.string() }),
    errors: [],
  },
  logOut: {
    method: 'post',
    path: '/api/logout',
    summary: 'Forget the cookie of this browser',
    params: none,
    query: none,
    body: none,
    answer: z.object({ success }),
    errors: [],
  },
  ...STREAM_API,
  ...WEBHOOK_API,
  ...RECORDING_API,
  ...SETTINGS_API,
  openScreenSettings: {
    method: 'post',
    path: '/api/desktop/open_screen_settings',
    summary: 'Open the settings of this machine in which the recording of the screen is allowed (macOS)',
    params: none,
    query: none,
    body: none,
    answer: z.object({ success }),
    errors: ['no_screen_settings'],
  },
  updateState: {
    method: 'get',
    path: '/api/updates',
    summary: 'Whether there is an update, and how far it is',
    params: none,
    query: none,
    body: none,
    answer: updateStateSchema,
    errors: [],
  },
  checkForUpdate: {
    method: 'post',
    path: '/api/updates/check',
    summary: 'Ask the update server now; answers when it has',
    params: none,
    query: none,
    body: none,
    answer: updateStateSchema.extend({ success }),
    errors: ['updates_unavailable'],
  },
  downloadUpdate: {
    method: 'post',
    path: '/api/updates/download',
    summary: 'Download the update that was found; it is installed when the agent quits',
    params: none,
    query: none,
    body: none,
    answer: updateStateSchema.extend({ success }),
    errors: ['updates_unavailable', 'no_update'],
  },
  listAdvisories: {
    method: 'get',
    path: '/api/advisories',
    summary: 'What the person at the machine should know of the agent itself, problems first',
    params: none,
    query: none,
    body: none,
    answer: z.object({ advisories: z.array(advisorySchema), total: z.int().min(0) }),
    errors: [],
  },
  agentInfo: {
    method: 'get',
    path: '/api/agent',
    summary: 'What a client needs to know of this agent',
    params: none,
    query: none,
    body: none,
    answer: z.object({
      name: z.literal('porthole'),
      version: z.string(),
      locked: z.boolean(),
      /** Who the caller is to this agent. */
      you: z.object({ kind: principalKindSchema, name: z.string().nullable() }),
      reach: reachSchema,
      heartbeat_interval_seconds: z.number(),
      session_timeout_minutes: z.number(),
      approval_timeout_seconds: z.number(),
      /** How long a panel waits before it starts a share. */
      share_countdown_seconds: z.int().min(0),
    }),
    errors: [],
  },
} as const satisfies Record<string, Endpoint>;

/** The name of an endpoint of {@link API}. */
export type EndpointName = keyof typeof API;
/** What endpoint `N` answers when all is well. */
export type AnswerOf<N extends EndpointName> = z.infer<(typeof API)[N]['answer']>;
/** What a handler of endpoint `N` gets as its body, parsed and with defaults. */
export type BodyOf<N extends EndpointName> = z.infer<(typeof API)[N]['body']>;
/** What a client of endpoint `N` may send as its body. */
export type BodyInputOf<N extends EndpointName> = z.input<(typeof API)[N]['body']>;
/** The parsed query of endpoint `N`. */
export type QueryOf<N extends EndpointName> = z.infer<(typeof API)[N]['query']>;
/** What a client of endpoint `N` may send as its query. */
export type QueryInputOf<N extends EndpointName> = z.input<(typeof API)[N]['query']>;
/** The path parameters of endpoint `N`. */
export type ParamsOf<N extends EndpointName> = z.infer<(typeof API)[N]['params']>;

/** The answer to `GET /healthz`; those who may only watch, or nothing, do not hear the version. */
export const healthSchema = z.object({ status: z.literal('ok'), version: z.string().optional() });
