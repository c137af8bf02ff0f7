import { guard } from './guardian/guard.ts';
import { GUARDIAN_SWITCH } from './guardian/guardian-switch.ts';

// Node opens its inspector to everybody on this machine on this signal, which any program of the user's may send. Nobody
// needs it: `--inspect` still works.
if (process.platform !== 'win32') process.on('SIGUSR1', () => undefined);

// Before anything else: a guardian needs no more than itself, and never lets Chromium start.
if (process.argv.includes(GUARDIAN_SWITCH)) guard();

// Still before Electron is ready: what the agent says of switches and folders counts only until then.
void import('./main.ts');
