import { z } from 'zod';
import { deciderSchema } from './approvals.ts';
import { timestampSchema } from './sessions.ts';
import { callerTextSchema } from './text.ts';
import { isWellFormed, utf8Length } from './utf8-length.ts';

/** The most bytes that one argument, path or variable may have; Linux refuses longer ones (MAX_ARG_STRLEN). */
export const MAX_ARGUMENT_BYTES = 128 * 1024;
/** The most arguments, and the most variables, that an operation may name. */
export const MAX_ARGUMENTS = 4096;
/** The most bytes that `read_file` reads and `write_file` writes at once. */
export const MAX_FILE_BYTES = 1024 * 1024;
/** The most bytes that the body of an execute request may have: a file of the full size, encoded. */
export const MAX_OPERATION_BODY_BYTES = 2 * 1024 * 1024;
/** The longest time that a program may be given, in seconds: a day. */
export const MAX_COMMAND_TIMEOUT_SECONDS = 86_400;
/** The most that Linux numbers processes to (PID_MAX_LIMIT); Windows goes further, in steps of four. */
const MAX_PROCESS_ID = 2 ** 32 - 1;
/** Variables of this prefix are the agent's own: they tell a program which command and session it runs in. */
export const OWN_VARIABLE_PREFIX = 'PORTHOLE_';

const BYTES_PER_UNIT_AT_MOST = 3;

/** A text that can be handed to a system call as it stands: no NUL, no half of a character. */
const systemText = z
  .string()
  // First, so that nothing goes over a text that is too long.
  .refine(isShortEnough, { error: `must have at most ${MAX_ARGUMENT_BYTES} bytes`, abort: true })
  .refine((text) => !text.includes('\0'), 'must not contain a NUL byte')
  .refine(isWellFormed, 'must be well-formed Unicode');

function isShortEnough(text: string): boolean {
  if (text.length * BYTES_PER_UNIT_AT_MOST <= MAX_ARGUMENT_BYTES) return true;
  return text.length <= MAX_ARGUMENT_BYTES && utf8Length(text) <= MAX_ARGUMENT_BYTES;
}

/** A path that means the same wherever the agent was started: `/…`, or with a drive or server on Windows. */
const absolutePath = systemText
  .refine((path) => /^(\/|[A-Za-z]:[\\/]|\\\\)/.test(path), 'must be an absolute path')
  .meta({ description: 'an absolute path' });

const environment = z
  .record(
    z
      .string()
      .refine((name) => /^[A-Za-z_][A-Za-z0-9_]{0,254}$/.test(name), 'must be the name of a variable')
      .refine((name) => !name.startsWith(OWN_VARIABLE_PREFIX), `must not begin with ${OWN_VARIABLE_PREFIX}`),
    systemText,
  )
  .refine(
    (variables) => Object.keys(variables).length <= MAX_ARGUMENTS,
    `must have at most ${MAX_ARGUMENTS} entries`,
  );

const programFields = {
  /** The home folder if it is left out. */
  cwd: absolutePath.optional(),
  /** Added to the few variables that every program gets; see the documentation of commands. */
  env: environment.optional(),
  /** The agent's setting if it is left out. */
  timeout_seconds: z.number().positive().max(MAX_COMMAND_TIMEOUT_SECONDS).optional(),
};

const fileContent = z.string().refine(isWellFormed, 'must be well-formed Unicode');

const runSchema = z.strictObject({
  operation: z.literal('run'),
  argv: z
    .array(systemText)
    .min(1)
    .max(MAX_ARGUMENTS)
    .refine(([program]) => program !== '', 'must begin with the name of a program'),
  ...programFields,
});

const shellSchema = z.strictObject({
  operation: z.literal('shell'),
  script: systemText.refine((script) => script.trim() !== '', 'must not be empty'),
  ...programFields,
});

const readFileSchema = z.strictObject({
  operation: z.literal('read_file'),
  path: absolutePath,
  offset: z.int().min(0).default(0),
  length: z.int().min(1).max(MAX_FILE_BYTES).default(65_536),
});

const writeFileSchema = z.strictObject({
  operation: z.literal('write_file'),
  path: absolutePath,
  content: fileContent,
  encoding: z.enum(['utf8', 'base64']).default('utf8'),
  /** Whether an existing file is written into where it cannot be replaced in one step; false if it is left out. */
  in_place: z.boolean().optional(),
});

const listDirectorySchema = z.strictObject({ operation: z.literal('list_directory'), path: absolutePath });
const statSchema = z.strictObject({ operation: z.literal('stat'), path: absolutePath });
const systemInfoSchema = z.strictObject({ operation: z.literal('system_info') });
const listProcessesSchema = z.strictObject({ operation: z.literal('list_processes') });
const endProcessSchema = z.strictObject({
  operation: z.literal('end_process'),
  pid: z.int().min(1).max(MAX_PROCESS_ID),
  /** As `list_processes` has it, so that no other process is ended that has the number by then. */
  started_at: timestampSchema,
  signal: z.enum(['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGKILL']).default('SIGTERM'),
});
const screenshotSchema = z.strictObject({
  operation: z.literal('screenshot'),
  /** The most pixels that the picture may be wide. */
  width: z.int().min(160).max(1920).default(1280),
});

function assertContent(
  operation: { readonly operation: string; readonly content?: string; readonly encoding?: string },
  context: z.RefinementCtx,
): void {
  if (operation.operation !== 'write_file' || operation.content === undefined) return;
  const { content, encoding } = operation;
  const refuse = (message: string) => context.addIssue({ code: 'custom', path: ['content'], message });
  if (encoding === 'base64' && !isBase64(content)) {
    refuse('must be base64, padded, without line breaks');
    return;
  }
  const bytes = encoding === 'base64' ? base64Bytes(content) : utf8Length(content);
  if (bytes > MAX_FILE_BYTES) refuse(`must have at most ${MAX_FILE_BYTES} bytes`);
}

/** Whether it is base64 with its padding. One class of characters, looked for once, takes a fraction of a whole pattern. */
function isBase64(content: string): boolean {
  const end = content.length - paddingOf(content);
  return content.length % 4 === 0 && !/[^A-Za-z0-9+/]/.test(content.slice(0, end));
}

function paddingOf(content: string): number {
  return content.endsWith('==') ? 2 : content.endsWith('=') ? 1 : 0;
}

function base64Bytes(content: string): number {
  return (content.length / 4) * 3 - paddingOf(content);
}

/** One piece of work on the machine, as the contract words it. */
export const operationSchema = z
  .discriminatedUnion('operation', [
    runSchema,
    shellSchema,
    readFileSchema,
    writeFileSchema,
    listDirectorySchema,
    statSchema,
    systemInfoSchema,
    listProcessesSchema,
    endProcessSchema,
    screenshotSchema,
  ])
  .superRefine(assertContent);
export type Operation = z.infer<typeof operationSchema>;
/** The operation of one name. */
export type OperationOf<N extends OperationName> = Extract<Operation, { operation: N }>;

/** The names of all operations. */
export const operationNameSchema = z.enum([
  'run',
  'shell',
  'read_file',
  'write_file',
  'list_directory',
  'stat',
  'system_info',
  'list_processes',
  'end_process',
  'screenshot',
]);
export type OperationName = z.infer<typeof operationNameSchema>;

const withReason = { reason: callerTextSchema.optional() };

/** Body of an execute request: the operation, and why, in the caller's own words, for the person who is asked. */
export const executeBodySchema = z
  .discriminatedUnion('operation', [
    runSchema.extend(withReason),
    shellSchema.extend(withReason),
    readFileSchema.extend(withReason),
    writeFileSchema.extend(withReason),
    listDirectorySchema.extend(withReason),
    statSchema.extend(withReason),
    systemInfoSchema.extend(withReason),
    listProcessesSchema.extend(withReason),
    endProcessSchema.extend(withReason),
    screenshotSchema.extend(withReason),
  ])
  .superRefine(assertContent);
export type ExecuteBody = z.infer<typeof executeBodySchema>;

/** An operation as lists show it: what a `write_file` would write is null there. */
export const listedOperationSchema = z.discriminatedUnion('operation', [
  runSchema,
  shellSchema,
  readFileSchema,
  writeFileSchema.extend({ content: fileContent.nullable() }),
  listDirectorySchema,
  statSchema,
  systemInfoSchema,
  listProcessesSchema,
  endProcessSchema,
  screenshotSchema,
]);
export type ListedOperation = z.infer<typeof listedOperationSchema>;

/** Every state that a command can be in; all but the first two are ends. */
export const commandStatusSchema = z.enum([
  'pending_approval',
  'running',
  'completed',
  'failed',
  'denied',
  'expired',
  'cancelled',
  'timed_out',
]);
export type CommandStatus = z.infer<typeof commandStatusSchema>;

/** The states that a command never leaves. */
export const commandEndStatusSchema = commandStatusSchema.exclude(['pending_approval', 'running']);
export type CommandEndStatus = z.infer<typeof commandEndStatusSchema>;

/** How kept output was made into text: exactly, or with U+FFFD for what is no UTF-8. */
export const outputEncodingSchema = z.enum(['utf8', 'utf8_lossy']);
export type OutputEncoding = z.infer<typeof outputEncodingSchema>;

/**
 * How much is on record of what was asked for, written and found: all that callers can get, no more than 64 KiB of each
 * (the beginning; of an output both ends), or digests and lengths alone.
 */
export const keepingSchema = z.enum(['whole', 'part', 'digest']);
export type Keeping = z.infer<typeof keepingSchema>;

/** What became of bytes that a file holds: text where they are UTF-8, else base64. */
const fileBytes = { content: z.string(), encoding: z.enum(['utf8', 'base64']) };

/** What kind of thing a path names. */
export const fileKindSchema = z.enum(['file', 'directory', 'symlink', 'other']);
export type FileKind = z.infer<typeof fileKindSchema>;

const fileFacts = {
  kind: fileKindSchema,
  size_bytes: z.int().min(0),
  modified_at: timestampSchema,
  /** Permission bits in octal, such as `0644`. */
  mode: z.string(),
};

const folderEntrySchema = z.object({
  /** With U+FFFD for what is no UTF-8. */
  name: z.string(),
  /** The name's bytes, where `name` cannot say them. */
  name_base64: z.string().optional(),
  kind: fileKindSchema,
  /** This and the next are null where the system does not tell. */
  size_bytes: fileFacts.size_bytes.nullable(),
  modified_at: fileFacts.modified_at.nullable(),
  mode: fileFacts.mode.nullable(),
});

/** What each operation that is neither `run` nor `shell` results in, by its name. */
export const commandResultSchema = z.discriminatedUnion('operation', [
  z.object({
    operation: z.literal('read_file'),
    path: z.string(),
    ...fileBytes,
    offset: z.int().min(0),
    bytes: z.int().min(0),
    size_bytes: z.int().min(0),
    /** Whether the file ends with what was read. */
    end_of_file: z.boolean(),
  }),
  z.object({
    operation: z.literal('write_file'),
    path: z.string(),
    bytes: z.int().min(0),
    created: z.boolean(),
  }),
  z.object({
    operation: z.literal('list_directory'),
    path: z.string(),
    entries: z.array(folderEntrySchema),
    total: z.int().min(0),
    truncated: z.boolean(),
  }),
  z.object({ operation: z.literal('stat'), path: z.string(), ...fileFacts }),
  z.object({
    operation: z.literal('system_info'),
    platform: z.string(),
    release: z.string(),
    architecture: z.string(),
    hostname: z.string(),
    uptime_seconds: z.number(),
    cpu: z.string(),
    cpu_count: z.int(),
    load_average: z.array(z.number()),
    memory_total_bytes: z.int(),
    memory_free_bytes: z.int(),
    user: z.string(),
    home: z.string(),
  }),
  z.object({
    operation: z.literal('list_processes'),
    processes: z.array(
      z.object({
        pid: z.int(),
        parent_pid: z.int(),
        user: z.string(),
        command: z.string(),
        memory_bytes: z.int(),
        started_at: timestampSchema.nullable(),
      }),
    ),
    total: z.int().min(0),
    truncated: z.boolean(),
  }),
  z.object({
    operation: z.literal('end_process'),
    pid: z.int(),
    /** Whether it was gone a moment after the signal; one that listens may take its time. */
    ended: z.boolean(),
  }),
  z.object({
    operation: z.literal('screenshot'),
    format: z.literal('jpeg'),
    width: z.int(),
    height: z.int(),
    /** The picture in base64. */
    data: z.string(),
  }),
]);
export type CommandResult = z.infer<typeof commandResultSchema>;

/** Why a command did not run to its end; `code` is stable, `message` is a sentence for people. */
export const commandErrorSchema = z.object({ code: z.string(), message: z.string() });
export type CommandError = z.infer<typeof commandErrorSchema>;

/** One operation of a session and what became of it. In lists `stdout`, `stderr` and `result` are null. */
export const commandSchema = z
  .object({
    command_id: z.string(),
    session_id: z.string(),
    operation: listedOperationSchema,
    status: commandStatusSchema,
    exit_code: z.int().nullable(),
    signal: z.string().nullable(),
    stdout: z.string().nullable(),
    stderr: z.string().nullable(),
    stdout_encoding: outputEncodingSchema,
    stderr_encoding: outputEncodingSchema,
    /** How many bytes the program wrote, kept or not. */
    stdout_bytes: z.int().min(0),
    stderr_bytes: z.int().min(0),
    /** SHA-256 over all that the program wrote, kept or not; null until it has ended, and where it wrote nothing. */
    stdout_sha256: z.string().nullable(),
    stderr_sha256: z.string().nullable(),
    /** Whether some of the output was left out; a mark stands where. */
    truncated: z.boolean(),
    result: commandResultSchema.nullable(),
    /** Of a file's bytes that were read or a picture, else of the result as JSON, whole; null without a result. */
    result_bytes: z.int().min(0).nullable(),
    result_sha256: z.string().nullable(),
    kept: keepingSchema,
    error: commandErrorSchema.nullable(),
    /** SHA-256 over what was asked for, scripts that it names included; what ran had the same. */
    hash: z.string(),
    reason: z.string().nullable(),
    /** Where the request came from: an address, or `this machine`. */
    origin: z.string(),
    requested_at: timestampSchema,
    decided_at: timestampSchema.nullable(),
    /** The surface that decided, or null where nobody was asked. */
    decided_by: deciderSchema.nullable(),
    decision_reason: z.string().nullable(),
    started_at: timestampSchema.nullable(),
    finished_at: timestampSchema.nullable(),
    /** How long it ran; null until it has ended, and if it never ran. */
    duration_seconds: z.number().min(0).nullable(),
    approval_id: z.string().nullable(),
    expires_at: timestampSchema.nullable(),
    /** Where pictures of the screen before and after it can be fetched, if there are any. */
    screenshots: z.object({ before: z.string().nullable(), after: z.string().nullable() }),
  })
  .meta({ id: 'Command' });
export type Command = z.infer<typeof commandSchema>;
