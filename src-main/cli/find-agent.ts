import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { type Running, readRunningFile } from '../settings/running-file.ts';

/** Where agents keep their data if nothing else is said, as Electron chooses it; the likeliest first. */
export function usualDataFolders(env: NodeJS.ProcessEnv, platform: NodeJS.Platform): string[] {
  const home = env.HOME ?? env.USERPROFILE ?? homedir();
  const bases: Partial<Record<NodeJS.Platform, string>> = {
    darwin: path.join(home, 'Library', 'Application Support'),
    win32: env.APPDATA ?? path.join(home, 'AppData', 'Roaming'),
  };
  const base = bases[platform] ?? env.XDG_CONFIG_HOME ?? path.join(home, '.config');
  return ['porthole', 'Porthole'].map((name) => path.join(base, name));
}

/** The agent that runs on one of these data folders, or null. */
export function findAgent(dataFolders: readonly string[]): Running | null {
  for (const folder of dataFolders) {
    const file = path.join(folder, 'running.json');
    const running = existsSync(file) ? readRunningFile(file) : undefined;
    if (running) return running;
  }
  return null;
}
