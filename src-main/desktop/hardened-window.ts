import {
  app,
  BrowserWindow,
  type BrowserWindowConstructorOptions,
  type Session,
  type WebContents,
} from 'electron';

/** What a window may ask the operating system for. `details` is what Electron tells of the request. */
export type PermissionRule = (permission: string, details: object) => boolean;

/** What a {@link createHardenedWindow} may differ in. */
export interface HardenedWindowOptions {
  /** The window itself: size, title, whether it is shown. */
  readonly window: Omit<BrowserWindowConstructorOptions, 'webPreferences'>;
  /** Where cookies and caches of the window live. */
  readonly session: Session;
  /** Absolute path of the preload script, or null for none. */
  readonly preload: string | null;
  /** The only origin that the window's frames may navigate to, such as `http://127.0.0.1:8000`. */
  readonly allowedOrigin: string;
  /** Permissions are refused unless this allows one. */
  readonly allowPermission?: PermissionRule;
  /** False only for a window that shows no foreign content and whose preload needs Node: the capture window. */
  readonly sandbox?: boolean;
  /** False for a window that works while it is hidden. */
  readonly backgroundThrottling?: boolean;
}

const permissionRules = new WeakMap<WebContents, PermissionRule>();
const hardenedSessions = new WeakSet<Session>();

/**
 * The one way to make a window. Its pages run sandboxed and isolated from the preload, without Node, cannot leave
 * `allowedOrigin`, open windows, embed other guests, or get a permission that was not granted here; developer tools
 * exist only when the app runs from source. The caller loads the page and owns the window.
 * Follows https://www.electronjs.org/docs/latest/tutorial/security.
 */
export function createHardenedWindow(options: HardenedWindowOptions): BrowserWindow {
  hardenSession(options.session);
  const window = new BrowserWindow({
    ...options.window,
    webPreferences: {
      session: options.session,
      ...(options.preload === null ? {} : { preload: options.preload }),
      sandbox: options.sandbox ?? true,
      contextIsolation: true,
      nodeIntegration: false,
      nodeIntegrationInWorker: false,
      nodeIntegrationInSubFrames: false,
      webSecurity: true,
      allowRunningInsecureContent: false,
      webviewTag: false,
      navigateOnDragDrop: false,
      safeDialogs: true,
      spellcheck: false,
      devTools: !app.isPackaged,
      backgroundThrottling: options.backgroundThrottling ?? true,
    },
  });
  const { webContents } = window;
  if (options.allowPermission) permissionRules.set(webContents, options.allowPermission);
  const refuseForeign = (event: { readonly url: string; preventDefault(): void }): void => {
    if (!hasOrigin(event.url, options.allowedOrigin)) event.preventDefault();
  };
  webContents.on('will-navigate', refuseForeign);
  webContents.on('will-frame-navigate', refuseForeign);
  webContents.on('will-redirect', refuseForeign);
  webContents.on('will-attach-webview', (event) => event.preventDefault());
  webContents.setWindowOpenHandler(() => ({ action: 'deny' }));
  return window;
}

/** Refuses every permission that no rule of a window allows; a session is shared by all of its windows. */
function hardenSession(target: Session): void {
  if (hardenedSessions.has(target)) return;
  hardenedSessions.add(target);
  const isAllowed = (webContents: WebContents | null, permission: string, details: object): boolean =>
    (webContents && permissionRules.get(webContents)?.(permission, details)) ?? false;
  target.setPermissionRequestHandler((webContents, permission, callback, details) =>
    callback(isAllowed(webContents, permission, details)),
  );
  target.setPermissionCheckHandler((webContents, permission, _origin, details) =>
    isAllowed(webContents, permission, details),
  );
  target.setDevicePermissionHandler(() => false);
}

function hasOrigin(url: string, origin: string): boolean {
  return URL.canParse(url) && new URL(url).origin === origin;
}
