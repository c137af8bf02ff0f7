import type { Logger } from '../../src-main/logger.ts';

/** A logger that keeps what is logged as errors, for a test to look at, and prints nothing. */
export class SilentLogger implements Logger {
  readonly errors: { fields: object; message: string }[] = [];
  debug(): void {}
  info(): void {}
  warn(): void {}
  error(fields: object, message: string): void {
    this.errors.push({ fields, message });
  }
}
