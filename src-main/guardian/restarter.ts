/** Names who starts the agent again after a failure, where somebody does it other than its guardian. */
export const RESTARTER_VARIABLE = 'PORTHOLE_RESTARTER';

/**
 * Whether the guardian is to start the agent again: for an installed app that was started by hand or at login. What
 * started it otherwise does that itself, in its own way: `npm start`'s script, or systemd, which says so in our unit,
 * and in any other by the number of the process that it has started (https://systemd.io/ENVIRONMENT/, `SYSTEMD_EXEC_PID`).
 */
export function isRestartedByGuardian(env: NodeJS.ProcessEnv, pid: number, isPackaged: boolean): boolean {
  if (env[RESTARTER_VARIABLE]) return false;
  return isPackaged && env.SYSTEMD_EXEC_PID !== String(pid);
}
