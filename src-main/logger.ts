import pino from 'pino';
import { createStream } from 'rotating-file-stream';
import { scrubSecrets } from './scrub-secrets.ts';

/** Where the agent writes what it does. A pino logger is one; `fields` must hold no secret. */
export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/**
 * A logger that writes JSON lines to stderr and to `porthole.log` in `folder`, kept as the newest five files of
 * 5 MB, with secrets taken out. `flush` resolves once everything logged is on its way to the disk; nothing may be logged after it.
 */
export function createLogger(folder: string): { log: Logger; flush: () => Promise<void> } {
  const file = createStream('porthole.log', { path: folder, size: '5M', maxFiles: 5, mode: 0o600 });
  // A full disk must not take the agent down with its log.
  file.on('error', (error) => process.stderr.write(`The log file cannot be written: ${error.message}\n`));
  const log = pino(
    {
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (level) => ({ level }) },
      hooks: { streamWrite: scrubSecrets },
    },
    pino.multistream([{ stream: process.stderr }, { stream: file }]),
  );
  return { log, flush: () => new Promise((resolve) => file.end(() => resolve())) };
}
