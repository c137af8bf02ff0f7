import { z } from 'zod';
import { timestampSchema } from './sessions.ts';
import { callerTextSchema } from './text.ts';

/** What a token lets its bearer do: everything but what belongs to the person at the machine, or work in its own sessions. */
export const tokenRoleSchema = z.enum(['admin', 'operator']);
export type TokenRole = z.infer<typeof tokenRoleSchema>;

/**
 * Who can be asking: the person at the machine through a program of theirs, the agent's own windows, the bearer of a
 * token of either role, a command that a session runs, somebody let in to watch one share, anybody else.
 */
export const principalKindSchema = z.enum([
  'local',
  'panel',
  'admin',
  'operator',
  'contained',
  'viewer',
  'guest',
]);
export type PrincipalKind = z.infer<typeof principalKindSchema>;

/** The longest life that a token or a key can be given, in seconds: ten years. */
export const MAX_LIFETIME_SECONDS = 315_360_000;

const lifetimeSeconds = z.number().positive().max(MAX_LIFETIME_SECONDS);

/** Body of a request for a token; without `expires_in_seconds` it lives until it is revoked. */
export const createTokenBodySchema = z.strictObject({
  name: callerTextSchema,
  role: tokenRoleSchema,
  expires_in_seconds: lifetimeSeconds.optional(),
});

/** A token as it is listed: everything but its secret, which nobody keeps. */
export const tokenSchema = z
  .object({
    token_id: z.string(),
    name: z.string(),
    role: tokenRoleSchema,
    created_at: timestampSchema,
    expires_at: timestampSchema.nullable(),
    last_used_at: timestampSchema.nullable(),
    /** The token that made this one, with which it dies; null if the person at the machine did. */
    created_by: z.string().nullable(),
  })
  .meta({ id: 'Token' });
export type Token = z.infer<typeof tokenSchema>;

/** Body of a request for a view key; without `expires_in_seconds` it lives as long as its share. */
export const createViewKeyBodySchema = z.strictObject({
  name: callerTextSchema.default('View link'),
  expires_in_seconds: lifetimeSeconds.optional(),
});

/** A view key as it is listed: everything but the key. */
export const viewKeySchema = z
  .object({
    key_id: z.string(),
    session_id: z.string(),
    name: z.string(),
    created_at: timestampSchema,
    expires_at: timestampSchema.nullable(),
  })
  .meta({ id: 'ViewKey' });
export type ViewKey = z.infer<typeof viewKeySchema>;

/** How a viewer was let in: on the person's own machine, by a token, by a view key, or by the person's approval. */
export const viewerAdmissionSchema = z.enum(['local', 'token', 'key', 'approval']);
export type ViewerAdmission = z.infer<typeof viewerAdmissionSchema>;

/** Somebody who watches a share now. */
export const viewerSchema = z
  .object({
    viewer_id: z.string(),
    session_id: z.string(),
    address: z.string(),
    user_agent: z.string().nullable(),
    admitted_by: viewerAdmissionSchema,
    /** The name of the token or key, or the one that an approved viewer gave; null where there is none. */
    name: z.string().nullable(),
    connected_at: timestampSchema,
    /** The stream, or single pictures now and then. */
    takes: z.enum(['stream', 'snapshots']),
    fps: z.number().min(0),
    frames: z.int().min(0),
    drops: z.int().min(0),
    bytes: z.int().min(0),
    /** How old the newest picture was when the whole of it had left for the viewer; null before the first. */
    frame_age_ms: z.number().min(0).nullable(),
  })
  .meta({ id: 'Viewer' });
export type ViewerEntry = z.infer<typeof viewerSchema>;

/** Body of a request to be let in to watch a share; `name` is what the person at the machine is told. */
export const askToViewBodySchema = z.strictObject({
  session_id: z.string(),
  name: callerTextSchema.optional(),
});

/** How far a request to watch has come; `none` if this browser has not asked. */
export const viewRequestStateSchema = z.enum(['none', 'pending_approval', 'approved', 'denied', 'expired']);
export type ViewRequestState = z.infer<typeof viewRequestStateSchema>;

/** Where and how the agent can be reached, and what it shows of itself. */
export const reachSchema = z.object({
  /** Whether others than this machine can reach the agent. */
  network: z.boolean(),
  /** Addresses to give to people, with scheme and port; the first is for this machine. */
  urls: z.array(z.string()),
  /** SHA-256 of the certificate that is shown to clients, as `AB:CD:…`; null without TLS. */
  tls_fingerprint: z.string().nullable(),
});
export type Reach = z.infer<typeof reachSchema>;
