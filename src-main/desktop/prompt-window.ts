import { type BrowserWindow, nativeTheme, type Session, screen, session } from 'electron';
import type { ApprovalQueue } from '../approvals/approval-queue.ts';
import type { Clock } from '../clock.ts';
import { drawsToX, isHeadless, tellsPointer } from './display-server.ts';
import { createHardenedWindow } from './hardened-window.ts';
import type { PromptSight } from './prompt-sight.ts';

/** What a {@link PromptWindow} works with. */
export interface PromptWindowOptions {
  /** The agent's address. */
  readonly url: string;
  /** Absolute path of the picture that the system shows for the window. */
  readonly iconFile: string;
  /** A ticket that lets the window in as the prompt. */
  readonly issueTicket: () => string;
  readonly approvals: ApprovalQueue;
  readonly clock: Clock;
  readonly sight: PromptSight;
  /** Absolute path of the built `preload/prompt.ts`. */
  readonly preload: string;
  /** Whether a request opens the prompt by itself; asked anew at each. */
  readonly opensAtOnce: () => boolean;
}

const WIDTH_PX = 420;
const HEIGHT_PX = 360;
// A command comes with all that would run.
const COMMAND_HEIGHT_PX = 560;
const MARGIN_PX = 48;
// The page says how the last request ended and closes its window; this is for a page that does not.
const CLOSE_AFTER_MS = 5000;
// As the page's own, so that nothing flashes before it has been painted.
const BACKGROUND = { light: '#ffffff', dark: '#1d2329' } as const;

/** Whether a prompt could be seen now: there is a display, and it is one that windows show on. */
export function canShowPrompt(): boolean {
  return !isHeadless() && screen.getAllDisplays().length > 0;
}

/**
 * Where the prompt's cookies live, in memory only: its own, so that what is done in it is told apart from what is done
 * in the panel. To be asked for once Electron is ready.
 */
export function promptSession(): Session {
  return session.fromPartition('prompt');
}

/**
 * The small window that asks for decisions, above all others. It opens without taking the keyboard, walks through
 * the queue, and goes when nothing waits. Closing it decides nothing.
 */
export class PromptWindow {
  readonly #options: PromptWindowOptions;
  readonly #unsubscribe: () => void;
  #window: BrowserWindow | null = null;
  #cancelClose: () => void = () => undefined;

  constructor(options: PromptWindowOptions) {
    this.#options = options;
    this.#unsubscribe = options.approvals.subscribe(({ change, approval }) => {
      if (change === 'asked') this.#onAsked(approval.approval_id);
      else this.#closeOnceIdle();
    });
  }

  /**
   * Shows the prompt of a request, or of the oldest if that one no longer waits, because the person asked to see it:
   * here the window may take the keyboard. Does nothing if nothing waits.
   */
  show(wantedId: string): void {
    const waiting = this.#options.approvals.list().map(({ approval_id }) => approval_id);
    const approvalId = waiting.includes(wantedId) ? wantedId : waiting[0];
    if (approvalId === undefined) return;
    const window = this.#window ?? this.#create();
    this.#load(window, approvalId);
    window.show();
    void this.#options.sight.focus(window);
  }

  /** Closes the window for good. */
  close(): void {
    this.#unsubscribe();
    this.#cancelClose();
    this.#window?.destroy();
    this.#window = null;
  }

  #onAsked(approvalId: string): void {
    this.#cancelClose();
    if (!this.#options.opensAtOnce()) return;
    // A window that is open comes to this request by itself, after those before it.
    if (!this.#window) this.#load(this.#create(), approvalId);
    const [width = WIDTH_PX, height = 0] = this.#window?.getSize() ?? [];
    if (height < this.#neededHeight()) this.#window?.setSize(width, this.#neededHeight());
    this.#window?.showInactive();
    this.#window?.moveTop();
  }

  #closeOnceIdle(): void {
    this.#cancelClose();
    if (this.#options.approvals.list().length > 0) return;
    this.#cancelClose = this.#options.clock.after(CLOSE_AFTER_MS, () => this.#window?.destroy());
  }

  #neededHeight(): number {
    const hasCommand = this.#options.approvals.list().some(({ kind }) => kind === 'command');
    return hasCommand ? COMMAND_HEIGHT_PX : HEIGHT_PX;
  }

  #create(): BrowserWindow {
    const { workArea } = tellsPointer()
      ? screen.getDisplayNearestPoint(screen.getCursorScreenPoint())
      : screen.getPrimaryDisplay();
    const height = Math.min(workArea.height, this.#neededHeight());
    const window = createHardenedWindow({
      window: {
        width: WIDTH_PX,
        height,
        x: Math.round(workArea.x + (workArea.width - WIDTH_PX) / 2),
        y: workArea.y + Math.min(MARGIN_PX, Math.max(0, workArea.height - height)),
        title: 'Porthole: approval needed',
        icon: this.#options.iconFile,
        show: false,
        // An X window manager would hide it behind a window that fills the screen, tile it, or leave it on the workspace
        // where it opened: it gets nothing to do with a window that takes no focus, which is above all by itself.
        ...(drawsToX() ? { focusable: false, frame: false } : {}),
        // Tiling compositors of Wayland let a window float whose size cannot be changed.
        resizable: process.platform !== 'linux',
        alwaysOnTop: true,
        skipTaskbar: true,
        minimizable: false,
        maximizable: false,
        fullscreenable: false,
        autoHideMenuBar: true,
        backgroundColor: nativeTheme.shouldUseDarkColors ? BACKGROUND.dark : BACKGROUND.light,
      },
      session: promptSession(),
      preload: this.#options.preload,
      allowedOrigin: this.#options.url,
    });
    // No key but those of its page does anything here; on macOS the menu belongs to the app.
    if (process.platform !== 'darwin') window.removeMenu();
    window.setVisibleOnAllWorkspaces(true, { visibleOnFullScreen: true });
    window.on('closed', () => {
      if (this.#window === window) this.#window = null;
    });
    // A prompt that died is opened anew by the next request, or from the tray.
    window.webContents.on('render-process-gone', () => window.destroy());
    this.#options.sight.watch(window);
    this.#window = window;
    return window;
  }

  #load(window: BrowserWindow, approvalId: string): void {
    const { url, issueTicket } = this.#options;
    const query = new URLSearchParams({ ticket: issueTicket(), approval_id: approvalId, sight: 'told' });
    if (drawsToX()) query.set('frame', 'none');
    // A load that the next one cuts off, or the window's end, is nobody's failure.
    window.loadURL(`${url}/prompt.html?${query}`).catch(() => undefined);
  }
}
