import { z } from 'zod';

// A film is what a capture shows as moving pictures, for as long as somebody takes one: a WebM stream that comes over
// the capture window's port in pieces.

/** How much of a film a capture window may have sent that the agent has not yet taken; more ends the film. */
export const MAX_FILM_BACKLOG_BYTES = 16 * 1024 * 1024;

/** How long a piece of a film is, in milliseconds: so much is lost where everything ends at once. */
export const FILM_PIECE_MS = 250;

/** Names a film within its capture window. */
const film = z.int().positive();

/** What the agent tells a capture window of films. */
export const filmCommandSchemas = [
  /** Begins a film with the next frame. */
  z.object({ type: z.literal('film_begin'), film, bitsPerSecond: z.int().positive(), paused: z.boolean() }),
  /** The time in which a film is paused is left out of it. */
  z.object({ type: z.literal('film_pause'), film, paused: z.boolean() }),
  /** Ends a film; what has been filmed so far still comes, and then `film_ended`. */
  z.object({ type: z.literal('film_end'), film }),
  /** The agent has taken a piece of so many bytes. */
  z.object({ type: z.literal('film_taken'), film, bytes: z.int().nonnegative() }),
] as const;

/** See {@link filmCommandSchemas}. */
export type FilmCommand = z.infer<(typeof filmCommandSchemas)[number]>;

/** What a capture window reports of films. */
export const filmReportSchemas = [
  /** The next bytes of a WebM stream, which belong to the receiver. */
  z.object({ type: z.literal('film_piece'), film, bytes: z.instanceof(Uint8Array) }),
  /** There will be no more of this film; `fault` is a clause for people, null if it was told to end. */
  z.object({ type: z.literal('film_ended'), film, fault: z.string().max(500).nullable() }),
] as const;

/** See {@link filmReportSchemas}. */
export type FilmReport = z.infer<(typeof filmReportSchemas)[number]>;
