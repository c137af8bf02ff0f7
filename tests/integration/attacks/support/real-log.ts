import { onTestFinished, vi } from 'vitest';
import { createLogger, type Logger } from '../../../../src-main/logger.ts';

/** The agent's real log, whose copy on stderr is kept for the test instead of being printed. */
export interface RealLog {
  readonly log: Logger;
  readonly printed: readonly string[];
  flush(): Promise<void>;
}

/** Opens a log in `folder`; stderr belongs to it until the test is over. */
export function openRealLog(folder: string): RealLog {
  const printed: string[] = [];
  const stderr = vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    printed.push(String(text));
    return true;
  });
  onTestFinished(() => stderr.mockRestore());
  return { ...createLogger(folder), printed };
}
