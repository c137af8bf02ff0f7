import { z } from 'zod';
import { filmCommandSchemas, filmReportSchemas } from './film-messages.ts';

/** The channel on which a capture window's preload says that it is there, and gets its end of the message port. */
export const CAPTURE_PORT_CHANNEL = 'capture-port';

/** How many frames a capture window may have sent that the agent has not yet taken. */
export const CAPTURE_FRAME_CREDITS = 2;

/** How often a capture window says that it is alive, in milliseconds. */
export const CAPTURE_HEARTBEAT_MS = 500;

/** How much a capture window is to do, from the least. */
export const CAPTURE_DEMANDS = ['unwatched', 'watched', 'tiered'] as const;

const demand = z.enum(CAPTURE_DEMANDS);
const positiveInt = z.int().positive();

/** What the agent tells a capture window over its port; `begin` comes once, and first. */
export const captureCommandSchema = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('begin'),
    maxWidthPx: positiveInt,
    maxHeightPx: positiveInt,
    framesPerSecond: positiveInt,
    jpegQuality: z.int().min(1).max(100),
    demand,
    /** Whether a portal captures: it sends frames on changes alone, and asks the person whenever it is opened anew. */
    viaPortal: z.boolean(),
  }),
  z.object({ type: z.literal('demand'), demand }),
  /** The agent has taken one frame: another may be sent. */
  z.object({ type: z.literal('taken') }),
  ...filmCommandSchemas,
]);

/** See {@link captureCommandSchema}. */
export type CaptureCommand = z.infer<typeof captureCommandSchema>;

/**
 * What a capture window reports over its port. Times are milliseconds on the system's monotonic clock, as
 * `process.hrtime` tells it, which all processes of the agent share.
 */
export const captureReportSchema = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('frame'),
    widthPx: positiveInt,
    heightPx: positiveInt,
    capturedAtMs: z.number(),
    /** A complete JPEG that belongs to the receiver. */
    jpeg: z.instanceof(Uint8Array),
    /** The same half as wide and high, likewise. */
    small: z.instanceof(Uint8Array).optional(),
  }),
  /** Comes every 500 ms; `unchangedCaptures` since the last such report looked as the frame before them. */
  z.object({
    type: z.literal('alive'),
    captures: z.int().nonnegative(),
    unchangedCaptures: z.int().nonnegative(),
    capturedAtMs: z.number(),
  }),
  /** The capture ended or could not begin; `name` is a DOMException's. The window is of no further use. */
  z.object({ type: z.literal('lost'), name: z.string().max(100), message: z.string().max(500) }),
  ...filmReportSchemas,
]);

/** See {@link captureReportSchema}. */
export type CaptureReport = z.infer<typeof captureReportSchema>;
