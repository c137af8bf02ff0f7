import type { SettingKey, Settings } from '#shared/settings';
import { StartError } from './command-line.ts';
import type { SettingsStore } from './settings-store.ts';

/** Settings with which a start failed, and why, in one sentence. */
export interface StartFault {
  readonly keys: readonly SettingKey[];
  readonly sentence: string;
}

/** Says which settings an error of a start is about; null for none. */
export type FindFault = (error: unknown, settings: Settings) => StartFault | null;

/**
 * Calls `start` until it succeeds, each time without a setting of the file that the last attempt failed with: what was
 * saved in the panel must not keep the agent, and with it the panel, from starting. Whatever else it fails with, flags
 * and the environment among it, is thrown as {@link StartError}.
 */
export async function startDespiteFile<T>(
  settings: SettingsStore,
  findFault: FindFault,
  start: () => Promise<T>,
): Promise<T> {
  for (;;) {
    try {
      return await start();
    } catch (error) {
      const fault = findFault(error, settings.current);
      const goesOn = fault !== null && settings.setAside(fault.keys, fault.sentence);
      if (!goesOn) throw new StartError(fault?.sentence ?? describe(error));
    }
  }
}

/** What is wrong with the settings if the agent cannot listen. */
export const findListenFault: FindFault = (error, { port, host }) => {
  if (!isSystemError(error) || !['listen', 'bind', 'getaddrinfo'].includes(error.syscall ?? '')) return null;
  switch (error.code) {
    case 'EADDRINUSE':
      return {
        keys: ['port'],
        sentence: `Port ${port} is already in use; choose another one with --port.`,
      };
    case 'EACCES':
      return {
        keys: ['port'],
        sentence: `Port ${port} is not for ordinary users; choose one above 1023 with --port.`,
      };
    default:
      return {
        keys: ['host'],
        sentence: `This machine cannot listen at “${host}” (${error.code}); choose an address of its own with --host.`,
      };
  }
};

/** What is wrong with the settings if there is no TLS identity by them. */
export const findTlsFault: FindFault = (error) => ({
  keys: ['tlsCert', 'tlsKey'],
  sentence: describe(error),
});

function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error;
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
