import path from 'node:path';
import { app, clipboard } from 'electron';
import { PortholeError } from '#shared/errors';
import { nameViewer } from '#shared/viewer-name';
import type { ApprovalQueue } from '../approvals/approval-queue.ts';
import type { Clock } from '../clock.ts';
import type { EventBus } from '../events/event-bus.ts';
import type { Notice, NoticeResponse, Notifier } from '../events/notification-port.ts';
import type { Logger } from '../logger.ts';
import type { SessionRegistry } from '../sessions/session-registry.ts';
import { streamUrl } from '../sessions/session-view.ts';
import type { SettingsStore } from '../settings/settings-store.ts';
import { toNamedViewer, type ViewerState } from '../stream/viewer.ts';
import type { AdvisoryBoard } from '../upkeep/advisory-board.ts';
import { adviseOnShortcut } from '../upkeep/shortcut-advisory.ts';
import { setAppMenu } from './app-menu.ts';
import { ShareBorders } from './border/share-borders.ts';
import { BusWatch } from './dbus/bus-watch.ts';
import { findSessionBus } from './dbus/dbus-address.ts';
import { isWaylandSession } from './display-server.ts';
import { FreshRequests } from './fresh-requests.ts';
import { type GlobalShortcut, registerGlobalShortcut, releaseGlobalShortcut } from './global-shortcut.ts';
import { PanelWindow } from './panel-window.ts';
import { PromptSight } from './prompt-sight.ts';
import { PromptWindow } from './prompt-window.ts';
import { AgentTray } from './tray.ts';
import { HAS_ICON, trayHost } from './tray-host.ts';
import type { TrayAction, TrayView } from './tray-menu.ts';
import { TraySessions } from './tray-sessions.ts';
import type { XLink } from './x11/x-link.ts';

/** The running agent, as far as its face shows and steers it. */
export interface FacedAgent {
  readonly url: string;
  readonly sessions: SessionRegistry;
  readonly approvals: ApprovalQueue;
  readonly bus: EventBus;
  readonly advisories: AdvisoryBoard;
  viewers(): ViewerState[];
  kick(viewerId: string): void;
  endRecording(sessionId: string): void;
  issueTicket(window: 'panel' | 'prompt'): string;
}

/** What a {@link DesktopFace} works with. */
export interface DesktopFaceOptions {
  readonly agent: FacedAgent;
  readonly settings: SettingsStore;
  readonly clock: Clock;
  readonly log: Logger;
  readonly notifier: Notifier;
  readonly xLink: XLink;
  /** The folder of the icons. */
  readonly assetFolder: string;
  /** Answers true the first time that it is asked whether to tell of `subject`. */
  readonly claimFirstTelling: (subject: string) => Promise<boolean>;
}

/** The app's picture, in the folder of the icons. */
export const APP_ICON = 'porthole-256.png';

const STOP_ALL_REASON = 'The owner stopped everything';
const REFRESH_DELAY_MS = 50;

/** The agent as the person at the machine meets it: tray, panel, prompt, the answers to notices, and the shortcut. */
export class DesktopFace {
  readonly #options: DesktopFaceOptions;
  readonly #panel: PanelWindow;
  readonly #prompt: PromptWindow;
  readonly #traySessions: TraySessions;
  #shortcut: GlobalShortcut | null;
  readonly #tray: AgentTray;
  readonly #trayWatch: BusWatch<string>;
  readonly #fresh: FreshRequests;
  readonly #borders: ShareBorders;
  readonly #unsubscribe: (() => void)[];
  #cancelRefresh: (() => void) | null = null;

  /** To be made once Electron is ready. */
  constructor(options: DesktopFaceOptions) {
    this.#options = options;
    const { agent, settings, clock } = options;
    const iconFile = path.join(options.assetFolder, APP_ICON);
    this.#panel = new PanelWindow({
      url: agent.url,
      iconFile,
      issueTicket: () => agent.issueTicket('panel'),
      onHidden: () => void this.#tellThatItStays(),
    });
    this.#prompt = new PromptWindow({
      url: agent.url,
      iconFile,
      sight: new PromptSight(clock, options.xLink),
      preload: path.join(app.getAppPath(), 'dist/preload/prompt.cjs'),
      issueTicket: () => agent.issueTicket('prompt'),
      approvals: agent.approvals,
      clock,
      opensAtOnce: () => settings.current.openPrompt === 'at-once',
    });
    this.#traySessions = new TraySessions({
      sessions: agent.sessions,
      clock,
      heartbeatIntervalMs: settings.current.heartbeatIntervalSeconds * 1000,
    });
    setAppMenu(() => this.#stopAll('panel'));
    this.#shortcut = this.#registerShortcut();
    this.#tray = new AgentTray({
      iconFolder: path.join(options.assetFolder, 'tray'),
      describe: () => this.#describe(),
      onAction: (action) => this.#attempt(() => this.#perform(action)),
      onPress: () => this.#panel.toggle(this.#tray.bounds),
    });
    this.#trayWatch = new BusWatch({
      sockets: process.platform === 'linux' ? findSessionBus(process.env) : [],
      witness: trayHost(process.pid),
      initial: '',
      clock,
      // Where there is no such tray any more, one of the older kind may come.
      onChange: (host) => {
        if (host !== HAS_ICON) this.#tray.renew();
      },
    });
    this.#fresh = new FreshRequests(agent.approvals, clock);
    this.#borders = new ShareBorders({
      sessions: () => agent.sessions.listLive(),
      viewers: () => agent.viewers(),
      setting: () => settings.current.shareBorder,
      log: options.log,
    });
    this.#unsubscribe = [
      agent.bus.subscribe({ onChange: () => this.#scheduleRefresh() }),
      settings.subscribe((now, before) => {
        if (now.stopAllShortcut !== before.stopAllShortcut) this.#changeShortcut();
        if (now.shareBorder !== before.shareBorder) this.#borders.refresh();
      }),
    ];
  }

  /** Shows the panel in front. */
  showPanel(): void {
    this.#panel.show(this.#tray.bounds);
  }

  /** Does what the person chose on a notice. A click opens what it is about and decides nothing. */
  respond(notice: Notice, response: NoticeResponse): void {
    const { approvalId } = notice;
    if (approvalId === null) this.showPanel();
    else if (response === 'open') this.#prompt.show(approvalId);
    else this.#attempt(() => this.#decide(approvalId, response, 'notification'));
  }

  /** Takes tray and windows away. */
  close(): void {
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    this.#fresh.close();
    this.#borders.close();
    this.#cancelRefresh?.();
    this.#traySessions.close();
    this.#trayWatch.close();
    this.#tray.close();
    this.#prompt.close();
    this.#panel.close();
  }

  #describe(): TrayView {
    const { agent } = this.#options;
    return {
      sessions: agent.sessions.listLive(),
      approvals: agent.approvals.list(),
      viewers: agent.viewers().map((viewer) => ({
        viewerId: viewer.viewerId,
        sessionId: viewer.sessionId,
        name: nameViewer(toNamedViewer(viewer)),
      })),
      locked: agent.sessions.locked,
      own: this.#traySessions.live,
      shortcut: this.#shortcut,
    };
  }

  #scheduleRefresh(): void {
    this.#cancelRefresh ??= this.#options.clock.after(REFRESH_DELAY_MS, () => {
      this.#cancelRefresh = null;
      this.#tray.refresh();
      this.#borders.refresh();
    });
  }

  /** Does something for the person, who gets to know if it could not be done. */
  #attempt(deed: () => void): void {
    try {
      deed();
    } catch (error) {
      // What the agent refuses has a sentence for the person; a bug has none.
      const isRefusal = error instanceof PortholeError;
      if (!isRefusal) this.#options.log.error({ err: error }, 'what the person asked for failed');
      this.#tell('failure', '⚠️ Porthole', isRefusal ? error.message : 'It failed; the log says why.');
    }
  }

  #perform(action: TrayAction): void {
    const { agent } = this.#options;
    switch (action.act) {
      case 'start':
        this.#traySessions.start(action.type);
        break;
      case 'stop':
        this.#traySessions.stop(action.type, action.sessionId);
        break;
      case 'allow':
      case 'deny':
        this.#decide(action.approvalId, action.act, 'tray');
        break;
      case 'show_request':
        this.#prompt.show(action.approvalId);
        break;
      case 'copy_link':
        void clipboard.writeText(`${agent.url}${streamUrl(action.sessionId)}`);
        break;
      case 'end_recording':
        agent.endRecording(action.sessionId);
        break;
      case 'disconnect':
        agent.kick(action.viewerId);
        break;
      case 'stop_all':
        this.#stopAll('tray');
        break;
      case 'rearm':
        agent.sessions.rearm('tray');
        break;
      case 'open_panel':
        this.showPanel();
        break;
      case 'quit':
        app.quit();
        break;
    }
  }

  #decide(approvalId: string, answer: 'allow' | 'deny', by: 'tray' | 'notification'): void {
    const { agent, log } = this.#options;
    if (answer === 'allow' && this.#fresh.has(approvalId)) {
      this.#prompt.show(approvalId);
      return;
    }
    try {
      agent.approvals.decide(approvalId, answer === 'allow' ? 'allowed' : 'denied', by);
    } catch (error) {
      // Somebody was faster; every surface has shown it by now.
      if (!(error instanceof PortholeError)) throw error;
      log.info({ approvalId, code: error.code }, 'a decision came too late');
    }
  }

  #stopAll(by: 'panel' | 'tray' | 'shortcut'): void {
    this.#attempt(() => this.#options.agent.sessions.stopAll(STOP_ALL_REASON, by));
  }

  #registerShortcut(): GlobalShortcut | null {
    const { settings, log } = this.#options;
    const accelerator = settings.current.stopAllShortcut;
    const shortcut = registerGlobalShortcut(accelerator, () => this.#stopAll('shortcut'), log);
    const advisory = adviseOnShortcut(shortcut, isWaylandSession());
    this.#options.agent.advisories.put('shortcut', advisory);
    if (advisory) void this.#tellOfShortcut(advisory);
    return shortcut;
  }

  #changeShortcut(): void {
    if (this.#shortcut) releaseGlobalShortcut(this.#shortcut);
    this.#shortcut = this.#registerShortcut();
    this.#scheduleRefresh();
  }

  async #tellThatItStays(): Promise<void> {
    if (!(await this.#options.claimFirstTelling('stays-running'))) return;
    const how =
      'Its panel opens again from the tray, or when you start it once more. Ctrl+Q in the panel quits.';
    this.#inform('stays-running', '🔔 Porthole keeps running', how);
  }

  async #tellOfShortcut({ title, message }: { title: string; message: string }): Promise<void> {
    // What cannot be changed is said once; the panel goes on saying it.
    if (isWaylandSession() && !(await this.#options.claimFirstTelling('no-shortcuts'))) return;
    this.#inform('shortcut', `⚠️ ${title}`, message);
  }

  /** Tells what is good to know, to somebody who wants to hear more than requests. */
  #inform(tag: string, title: string, body: string): void {
    if (this.#options.settings.current.notifications !== 'approvals') this.#tell(tag, title, body);
  }

  #tell(tag: string, title: string, body: string): void {
    if (this.#options.settings.current.notifications === 'none') return;
    this.#options.notifier.show({ tag, title, body, urgency: 'normal', approvalId: null });
  }
}
