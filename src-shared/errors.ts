/** One entry of the error catalogue: the HTTP status it answers with and the sentence a person can act on. */
export interface ErrorKind {
  readonly status: number;
  readonly message: string;
}

/**
 * Every failure the API can answer with, each code once. Codes are wire names and never change meaning;
 * messages are defaults that a thrower may make more precise. `docs/api.md` lists the same codes, and a test
 * keeps the two aligned.
 */
export const ERROR_KINDS = {
  invalid_request: { status: 400, message: 'The request is not valid.' },
  invalid_credentials: { status: 401, message: 'The token or key is unknown, expired or revoked.' },
  viewer_sent_away: { status: 401, message: 'The person at the machine sent you away from this share.' },
  access_denied: { status: 403, message: 'You may not use this agent from where you are.' },
  host_not_allowed: { status: 403, message: 'This agent does not answer to that host name.' },
  origin_not_allowed: { status: 403, message: 'Pages of other sites may not use this agent.' },
  viewer_approval_required: {
    status: 403,
    message:
      'The person at the machine has to let you watch: open the view page and ask, or get a link with a key.',
  },
  read_only_session: {
    status: 403,
    message: 'This session may only read: it may look at files and the screen, never run or write anything.',
  },
  beyond_grant: {
    status: 403,
    message:
      'The person at the machine allowed less than that: with this token a share can be paused, resumed and lowered in quality, not shown wider. Start another share, which asks.',
  },
  recording_off: {
    status: 403,
    message: "Recording is switched off in this machine's settings.",
  },
  recording_needs_approval: {
    status: 403,
    message:
      'Only the person at the machine can record a share that runs; ask for it at the start, with "record": true.',
  },
  denied_by_rule: { status: 403, message: "A deny rule in this machine's settings forbids this." },
  not_bindable: {
    status: 403,
    message: 'What this would run cannot be tied to what the person would allow, so it is not asked for.',
  },
  not_found: { status: 404, message: 'There is nothing at this address.' },
  session_not_found: { status: 404, message: 'No session has this id.' },
  source_not_found: {
    status: 404,
    message: 'No screen or window of this id can be shared now; list them again.',
  },
  command_not_found: { status: 404, message: 'No command has this id.' },
  token_not_found: { status: 404, message: 'No token has this id.' },
  key_not_found: { status: 404, message: 'This screen share has no such view key.' },
  viewer_not_found: { status: 404, message: 'Nobody of this id watches.' },
  recording_not_found: { status: 404, message: 'No recording has this id, or its file is gone.' },
  approval_not_found: { status: 404, message: 'No approval has this id.' },
  webhook_not_found: { status: 404, message: 'No webhook has this id.' },
  delivery_not_found: { status: 404, message: 'This webhook has no delivery of this id.' },
  method_not_allowed: { status: 405, message: 'This address does not take that method.' },
  session_not_pending: { status: 409, message: 'The session is not waiting for approval.' },
  session_ended: { status: 409, message: 'The session has already ended.' },
  session_not_active: { status: 409, message: 'The session is not active yet; it waits for approval.' },
  command_not_pending: { status: 409, message: 'The command is not waiting for approval.' },
  not_recording: { status: 409, message: 'This share is not being recorded.' },
  recording_running: { status: 409, message: 'This recording is still being made; end it first.' },
  approval_decided: { status: 409, message: 'This request has already been decided.' },
  cursor_always_shown: {
    status: 409,
    message: 'This platform does not let the cursor be left out of the picture.',
  },
  webhook_disabled: {
    status: 409,
    message: 'The receiver wanted nothing more, and the webhook is off; enable it first.',
  },
  delivery_not_dead: { status: 409, message: 'Only a delivery that was given up can be retried.' },
  setting_given_at_start: {
    status: 409,
    message: 'This setting was given where the agent was started, and cannot be changed while it runs.',
  },
  no_screen_settings: {
    status: 409,
    message: 'This system has no settings for the recording of the screen.',
  },
  updates_unavailable: { status: 409, message: 'This copy of Porthole is not updated by itself.' },
  no_update: { status: 409, message: 'No update was found that could be downloaded.' },
  request_timeout: { status: 408, message: 'The request did not come whole in time.' },
  stream_ended: { status: 410, message: 'The screen share has ended.' },
  precondition_failed: {
    status: 412,
    message: 'What is at this address is not, or no longer, what the request takes it for.',
  },
  payload_too_large: { status: 413, message: 'The request body is too large.' },
  unsupported_media_type: { status: 415, message: 'Send the body as application/json.' },
  range_not_satisfiable: { status: 416, message: 'There is nothing in that range of bytes.' },
  locked_by_owner: {
    status: 423,
    message: 'Everything was stopped at this machine; nothing starts until sessions are allowed again there.',
  },
  head_too_large: { status: 431, message: 'The address and headers of the request are too large.' },
  too_many_sessions: { status: 429, message: 'Too many sessions are live; stop one first.' },
  too_many_commands: {
    status: 429,
    message: 'Too many commands of this session wait or run; let one end first.',
  },
  too_many_viewers: { status: 429, message: 'Too many viewers watch this share; try again later.' },
  too_many_connections: { status: 429, message: 'Too many connections from your address; close some first.' },
  too_many_attempts: { status: 429, message: 'Too many wrong tokens or keys came from your address; wait.' },
  too_many_requests: {
    status: 429,
    message: 'Too many requests to watch wait for an answer; try again later.',
  },
  too_many_snapshots: {
    status: 429,
    message: 'Too many pictures of the screen are being made; try again in a moment.',
  },
  too_many_tokens: { status: 429, message: 'There are too many tokens; revoke one first.' },
  too_many_keys: { status: 429, message: 'This share has too many view keys; revoke one first.' },
  too_many_webhooks: { status: 429, message: 'There are too many webhooks; remove one first.' },
  internal_error: { status: 500, message: 'The agent failed to handle this request; its log says why.' },
  settings_not_saved: {
    status: 500,
    message: 'The settings file cannot be written, and nothing has changed.',
  },
  no_screen: { status: 503, message: 'There is no screen to share on this machine.' },
  no_picture: { status: 503, message: 'The screen cannot be seen right now; try again in a moment.' },
  portal_unavailable: {
    status: 503,
    message: "The desktop's portal, through which screens are captured on Wayland, does not answer.",
  },
  screen_permission_denied: {
    status: 503,
    message:
      'The operating system does not let this agent record the screen; allow it in its privacy settings.',
  },
  no_place_to_ask: {
    status: 503,
    message: 'Nobody can be asked for approval: no display is open and no admin is connected.',
  },
  recordings_full: {
    status: 507,
    message:
      'The recordings take all the room that they may take; delete some, or raise the limit in the settings.',
  },
} as const satisfies Record<string, ErrorKind>;

/** A wire name of the error catalogue. */
export type ErrorCode = keyof typeof ERROR_KINDS;

/**
 * An expected failure, answered to the caller in the shape of {@link ErrorBody}. Anything else that is thrown
 * is a bug and answers `internal_error` without detail.
 */
export class PortholeError extends Error {
  override readonly name = 'PortholeError';
  readonly code: ErrorCode;
  readonly status: number;
  /** After how long it is worth trying again, if that is known. */
  readonly retryAfterSeconds: number | undefined;

  /** `message` replaces the catalogue's default; it reaches the caller, so it must hold no secret. */
  constructor(code: ErrorCode, message?: string, more: { readonly retryAfterSeconds?: number } = {}) {
    super(message ?? ERROR_KINDS[code].message);
    this.code = code;
    this.status = ERROR_KINDS[code].status;
    this.retryAfterSeconds = more.retryAfterSeconds;
  }
}

/** The body of every failed answer. */
export interface ErrorBody {
  readonly success: false;
  readonly error: ErrorCode;
  readonly message: string;
}
