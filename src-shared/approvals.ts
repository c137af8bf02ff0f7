import { z } from 'zod';
import { commandDetailsSchema } from './command-details.ts';
import { safetyModeSchema, timestampSchema } from './sessions.ts';

/** What somebody asks the person at the machine for. */
export const approvalKindSchema = z.enum(['session', 'command', 'viewer']);
export type ApprovalKind = z.infer<typeof approvalKindSchema>;

/**
 * Who did something: a surface on which a person (or over the API, a program) acted, `timeout` for what happened
 * because nobody did, `agent` for what the agent did by itself.
 */
export const deciderSchema = z.enum([
  'api',
  'panel',
  'prompt',
  'tray',
  'notification',
  'shortcut',
  'timeout',
  'agent',
]);
export type Decider = z.infer<typeof deciderSchema>;

/** The reasons on record where whoever decided gave none. */
export const USUAL_REASONS = { allowed: 'Allowed', denied: 'Denied by the person at the machine' } as const;

/** How far a yes reaches: this one request, or the very same command for as long as its session lives. */
export const allowScopeSchema = z.enum(['once', 'session']);
export type AllowScope = z.infer<typeof allowScopeSchema>;

/** A request that waits for the person at the machine. */
export const approvalSchema = z
  .object({
    approval_id: z.string(),
    kind: approvalKindSchema,
    session_id: z.string(),
    user_id: z.string(),
    /** One line that says what is asked for. */
    summary: z.string(),
    /** The mode of the remote access that is asked for, or that a command is asked in. */
    safety_mode: safetyModeSchema.optional(),
    /** Why, in the asker's own words. */
    reason: z.string().optional(),
    /** Where the request came from: an address, or `this machine`. */
    origin: z.string(),
    requested_at: timestampSchema,
    expires_at: timestampSchema,
    seconds_left: z.number().min(0),
    /** Of a command: what exactly would run. */
    details: commandDetailsSchema.optional(),
  })
  .meta({ id: 'Approval' });
export type Approval = z.infer<typeof approvalSchema>;

/** What each safety mode lets an operator do once it is allowed, in the words of the prompt. */
export const ALLOWED_MODE_MEANINGS = {
  supervised: 'You are asked before each command.',
  autonomous: 'Runs any command on this machine without asking again until it is stopped.',
  read_only: 'May look at files and the screen, never change anything.',
} as const satisfies Record<z.infer<typeof safetyModeSchema>, string>;

/** What each safety mode means, for whoever is about to start a session at the machine. */
export const SAFETY_MODE_MEANINGS = {
  supervised: 'Starts at once; you are asked before each command.',
  autonomous: 'Runs any command on this machine without asking again until it is stopped.',
  read_only: 'Starts at once; may look at files and the screen, never change anything.',
} as const satisfies Record<z.infer<typeof safetyModeSchema>, string>;
