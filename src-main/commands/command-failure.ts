import type { CommandError } from '#shared/commands';

/** Why an operation could not do its work; it is on record with its command. `code` is a wire name. */
export class CommandFailure extends Error {
  override readonly name = 'CommandFailure';
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }

  /** As the command object shows it. */
  toError(): CommandError {
    return { code: this.code, message: this.message };
  }
}
