import { expect, vi } from 'vitest';
import { callApi } from './api-client.ts';

/** Lists the shell's own open files. No pipe, which the shell itself would have open for a moment. */
export const LIST_FILES = 'find /proc/$$/fd -type l -printf "%f %l\\n"; :';

/** What is open besides a command's output and the empty file. */
export function findForeign(files: readonly string[]): string[] {
  return files.filter((file) => !/^[12] (pipe|socket):/.test(file) && !file.endsWith(' /dev/null'));
}

/** Starts an autonomous session and allows it; answers its id. */
export async function startAutonomous(url: string): Promise<string> {
  const { body } = await callApi(url, 'POST', '/api/remote/start', { safety_mode: 'autonomous' });
  await callApi(url, 'POST', `/api/remote/approve/${body.session_id}`);
  return String(body.session_id);
}

/** Runs a script to its end; answers what it printed. */
export async function runScript(url: string, sessionId: string, script: string): Promise<string> {
  const { body } = await callApi(url, 'POST', `/api/remote/execute/${sessionId}`, {
    operation: 'shell',
    script,
  });
  return vi.waitFor(
    async () => {
      const answer = await callApi(url, 'GET', `/api/remote/commands/${body.command_id}`);
      expect(answer.body).toMatchObject({ status: 'completed', exit_code: 0 });
      return String(answer.body.stdout);
    },
    { timeout: 15_000, interval: 20 },
  );
}
