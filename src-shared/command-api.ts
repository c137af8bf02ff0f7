import { z } from 'zod';
import type { Endpoint } from './api.ts';
import { allowScopeSchema } from './approvals.ts';
import { commandSchema, executeBodySchema, MAX_OPERATION_BODY_BYTES } from './commands.ts';
import { wholeNumber } from './query-values.ts';
import { callerTextSchema } from './text.ts';

const none = z.strictObject({});
const success = z.literal(true);
const ofCommand = z.strictObject({ command_id: z.string() });
const answer = z.object({ success, command: commandSchema });

/** Body of a yes: how far it reaches. Only commands have anything but `once`. */
export const allowBodySchema = z.strictObject({ scope: allowScopeSchema.default('once') });

/** Body of a no: why, and whether the session that asked ends with it. Only commands end their session. */
export const denyBodySchema = z.strictObject({
  reason: callerTextSchema.optional(),
  end_session: z.boolean().default(false),
});

/** The endpoints of commands, a part of the JSON API. */
export const COMMAND_API = {
  executeCommand: {
    method: 'post',
    path: '/api/remote/execute/{session_id}',
    summary: 'Run one operation in a session; it may have to be approved first',
    params: z.strictObject({ session_id: z.string() }),
    query: none,
    body: executeBodySchema,
    maxBodyBytes: MAX_OPERATION_BODY_BYTES,
    status: 202,
    answer: commandSchema,
    errors: [
      'session_not_found',
      'session_ended',
      'session_not_active',
      'read_only_session',
      'denied_by_rule',
      'not_bindable',
      'too_many_commands',
      'no_place_to_ask',
    ],
  },
  listCommands: {
    method: 'get',
    path: '/api/remote/commands',
    summary: 'Commands, newest request first, without their outputs',
    params: none,
    query: z.strictObject({
      session_id: z.string().optional(),
      limit: wholeNumber(1, 1000, 50),
      offset: wholeNumber(0, 1_000_000_000, 0),
    }),
    body: none,
    answer: z.object({ commands: z.array(commandSchema), total: z.int().min(0) }),
    errors: [],
  },
  getCommand: {
    method: 'get',
    path: '/api/remote/commands/{command_id}',
    summary: 'A command with all that is kept of its output',
    params: ofCommand,
    query: none,
    body: none,
    answer: commandSchema,
    errors: ['command_not_found'],
  },
  approveCommand: {
    method: 'post',
    path: '/api/remote/commands/{command_id}/approve',
    summary: 'Allow a waiting command, once or as often as its session asks for the very same',
    params: ofCommand,
    query: none,
    body: allowBodySchema,
    answer,
    errors: ['command_not_found', 'command_not_pending'],
  },
  denyCommand: {
    method: 'post',
    path: '/api/remote/commands/{command_id}/deny',
    summary: 'Deny a waiting command, and end its session if that is said',
    params: ofCommand,
    query: none,
    body: denyBodySchema,
    answer,
    errors: ['command_not_found', 'command_not_pending'],
  },
  cancelCommand: {
    method: 'post',
    path: '/api/remote/commands/{command_id}/cancel',
    summary: 'End a command and everything that it started; safe to retry',
    params: ofCommand,
    query: none,
    body: z.strictObject({ reason: callerTextSchema.optional() }),
    answer: answer.extend({ already_ended: z.literal(true).optional() }),
    errors: ['command_not_found'],
  },
} as const satisfies Record<string, Endpoint>;
