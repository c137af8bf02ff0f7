import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, vi } from 'vitest';
import { runProgram } from '../../e2e/support/child-process.ts';
import { TestDisplay } from '../../e2e/support/test-display.ts';

const COMMANDS = {
  openbox: ['openbox'],
  xfwm4: ['dbus-run-session', 'xfwm4'],
  'xfwm4 without its compositor': ['dbus-run-session', 'xfwm4', '--compositor=off'],
  marco: ['dbus-run-session', 'marco'],
  kwin: ['dbus-run-session', 'kwin_x11'],
  i3: ['i3'],
} as const;

/** A window manager that tests drive. */
export type WindowManager = keyof typeof COMMANDS;

/** Without a file of settings i3 asks for one, in a window of its own. */
const I3_SETTINGS = 'font monospace 8\nbar { }\n';

/** Starts a display with three workspaces under this window manager; resolves once that manages it. `folder` is the test's own. */
export async function startManagedDisplay(
  manager: WindowManager,
  widthPx: number,
  heightPx: number,
  folder: string,
): Promise<TestDisplay> {
  const settings = path.join(folder, 'i3');
  if (manager === 'i3') writeFileSync(settings, I3_SETTINGS);
  const display = await TestDisplay.startServer({
    server: ['Xvfb', '-screen', '0', `${widthPx}x${heightPx}x24`],
    widthPx,
    heightPx,
    windowManager: [...COMMANDS[manager], ...(manager === 'i3' ? ['-c', settings] : [])],
  });
  // A manager that is there has said so on the root window.
  await vi.waitFor(() => expect(display.isManaged()).toBe(true), { timeout: 15_000, interval: 50 });
  // i3 makes workspaces when somebody goes there.
  if (manager !== 'i3') runProgram('xdotool', ['set_num_desktops', '3'], display.env);
  return display;
}

/** Goes to a workspace; the first is 1. */
export function goToWorkspace(display: TestDisplay, manager: WindowManager, workspace: number): void {
  if (manager === 'i3') runProgram('i3-msg', ['workspace', String(workspace)], display.env);
  else runProgram('xdotool', ['set_desktop', String(workspace - 1)], display.env);
}
