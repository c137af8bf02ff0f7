import { z } from 'zod';

/** The most characters that the parts of a request's details may have together; more is cut, and said to be. */
export const MAX_DETAIL_LENGTH = 32 * 1024;

/** One line of what a file would become against what it is; `skipped` says in words what is not shown. */
export const diffLineSchema = z.object({
  change: z.enum(['same', 'added', 'removed', 'skipped']),
  text: z.string(),
});
export type DiffLine = z.infer<typeof diffLineSchema>;

/**
 * A command as it will run, for the person who decides on it. Every text is ready to be shown as it stands, in a
 * fixed-width font: what a reader would not see is spelled out, arguments are quoted so that no two lists look alike.
 */
export const commandDetailsSchema = z
  .object({
    command_id: z.string(),
    /** The operation's name on the wire. */
    operation: z.string(),
    /** What it does, such as `Run a program`. */
    title: z.string(),
    /** The arguments, the script or the path. */
    text: z.string(),
    /** What else it will run with: folder, added variables, scripts that it names. */
    facts: z.array(z.object({ label: z.string(), value: z.string() })),
    /** What a file would become; null for all else. */
    diff: z.array(diffLineSchema).nullable(),
    /** What the person should know before allowing it, a sentence each. */
    warnings: z.array(z.string()),
    /** SHA-256 over what is asked for. */
    hash: z.string(),
  })
  .meta({ id: 'CommandDetails' });
export type CommandDetails = z.infer<typeof commandDetailsSchema>;
