import { z } from 'zod';
import { ACCELERATOR_OR_NONE } from './accelerator.ts';
import { MAX_COMMAND_TIMEOUT_SECONDS } from './commands.ts';
import { settingMeta } from './setting-meta.ts';
import { UPDATE_ADDRESS_OR_NONE } from './updates.ts';

/**
 * Which native notifications are shown: of everything, of everything but what the person at the machine did
 * themselves in the agent's own windows and menus, of requests for approval alone, or none.
 */
export const notificationLevelSchema = z.enum(['all', 'others', 'approvals', 'none']);
export type NotificationLevel = z.infer<typeof notificationLevelSchema>;

/**
 * Who may have a share recorded: nobody, the person at the machine and whoever they allow it each time, or also every
 * token with the shares that it may start.
 */
export const recordingPolicySchema = z.enum(['off', 'ask', 'allowed']);

/**
 * Everything that can be set, each key with its default. A key may be given in the settings file under its own
 * name, in the environment as `PORTHOLE_` + SNAKE_CASE, and as a flag in kebab-case; flags win over the environment,
 * which wins over the file.
 */
export const settingsSchema = z.strictObject({
  port: z
    .int()
    .min(0)
    .max(65535)
    .default(8000)
    .describe('port of the API; 0 picks a free one')
    .register(settingMeta, { label: 'Port', group: 'network', effect: 'next-start' }),
  host: z
    .string()
    .min(1)
    .max(255)
    .default('127.0.0.1')
    .describe('address to listen on')
    .register(settingMeta, { label: 'Address', group: 'network', effect: 'next-start' }),
  hidden: z.boolean().default(false).describe('start without showing the panel').register(settingMeta, {
    label: 'Start hidden',
    group: 'start',
    effect: 'next-start',
  }),
  startAtLogin: z
    .boolean()
    .default(false)
    .describe('start when you log in; an installed Porthole only')
    .register(settingMeta, { label: 'Start at login', group: 'start', effect: 'at-once' }),
  stallSeconds: z
    .number()
    .min(0)
    .max(600)
    .default(5)
    .describe(
      'seconds without an answer from the agent after which its guardian ends it, with all that it does; 0 for never',
    )
    .register(settingMeta, {
      label: 'End the agent if it hangs for',
      group: 'start',
      effect: 'at-once',
      unit: 'seconds',
    }),
  updateUrl: z
    .string()
    .max(2000)
    .regex(UPDATE_ADDRESS_OR_NONE, 'must begin with https:// and hold no name, password or query')
    .default('')
    .describe('folder of a server that has updates, asked once a day; empty for none')
    .register(settingMeta, { label: 'Update server', group: 'updates', effect: 'at-once' }),
  shareCountdownSeconds: z
    .int()
    .min(0)
    .max(60)
    .default(0)
    .describe('seconds that the panel counts down before it starts a screen share; 0 for none')
    .register(settingMeta, {
      label: 'Count down before sharing',
      group: 'sessions',
      effect: 'at-once',
      unit: 'seconds',
    }),
  shareBorder: z
    .enum(['unseen', 'always', 'never'])
    .default('unseen')
    .describe(
      'a border around a shared screen that names who watches: where it is kept out of the picture (Windows, macOS), always, or never; a shared window has none',
    )
    .register(settingMeta, {
      label: 'Border around a shared screen',
      group: 'sessions',
      effect: 'at-once',
      choices: { unseen: 'Where viewers do not see it', always: 'Always', never: 'Never' },
    }),
  pauseOnLock: z
    .boolean()
    .default(true)
    .describe(
      'pause screen shares for as long as the screen is locked; on Linux i3lock, slock, swaylock and others that tell neither systemd-logind nor a desktop are not heard, and pause nothing',
    )
    .register(settingMeta, {
      label: 'Pause shares on a locked screen',
      group: 'sessions',
      effect: 'at-once',
    }),
  sessionTimeoutMinutes: z
    .number()
    .positive()
    .max(1440)
    .default(5)
    .describe('minutes without a sign of life after which a session is dropped')
    .register(settingMeta, {
      label: 'Drop a silent session after',
      group: 'sessions',
      effect: 'at-once',
      unit: 'minutes',
    }),
  heartbeatIntervalSeconds: z
    .number()
    .min(1)
    .max(3600)
    .default(30)
    .describe('seconds between the heartbeats that clients are asked for')
    .register(settingMeta, {
      label: 'Heartbeat every',
      group: 'sessions',
      effect: 'next-start',
      unit: 'seconds',
    }),
  approvalTimeoutSeconds: z
    .number()
    .min(1)
    .max(3600)
    .default(60)
    .describe('seconds after which a request that nobody answered is denied')
    .register(settingMeta, {
      label: 'Deny unanswered requests after',
      group: 'asking',
      effect: 'at-once',
      unit: 'seconds',
    }),
  notifications: notificationLevelSchema
    .default('all')
    .describe('which native notifications are shown')
    .register(settingMeta, {
      label: 'Notifications',
      group: 'asking',
      effect: 'at-once',
      choices: { all: 'All', others: 'Not my own doing', approvals: 'Requests only', none: 'None' },
    }),
  openPrompt: z
    .enum(['at-once', 'on-click'])
    .default('at-once')
    .describe('when a request for approval opens its prompt: by itself, or on a click on its notification')
    .register(settingMeta, {
      label: 'Open the prompt',
      group: 'asking',
      effect: 'at-once',
      choices: { 'at-once': 'At once', 'on-click': 'On a click' },
    }),
  stopAllShortcut: z
    .string()
    .max(100)
    .regex(ACCELERATOR_OR_NONE, 'must be a key with modifiers, such as CommandOrControl+Alt+X, or empty')
    .default('CommandOrControl+Alt+Shift+X')
    .describe('key combination that stops everything, whichever program has the keyboard; empty for none')
    .register(settingMeta, {
      label: 'Shortcut to stop everything',
      group: 'asking',
      effect: 'at-once',
      isShortcut: true,
    }),
  allowNetworkViewers: z
    .boolean()
    .default(false)
    .describe('let others on the network reach the agent: viewers that are let in, and bearers of tokens')
    .register(settingMeta, { label: 'Let others on the network in', group: 'network', effect: 'next-start' }),
  allowedHosts: z
    .array(z.string().regex(/^[a-z0-9.-]{1,253}(:\d{1,5})?$/i, 'must be a host name, with or without a port'))
    .max(100)
    .default([])
    .describe(
      'further host names under which the agent answers, with the port in the address where that is needed; set for a proxy',
    )
    .register(settingMeta, { label: 'Further host names', group: 'network', effect: 'next-start' }),
  localTrust: z
    .enum(['admin', 'none'])
    .default('admin')
    .describe(
      'what programs of your own user on this machine may do without a token; with further host names set, the default is "none"',
    )
    .register(settingMeta, {
      label: 'Programs of your own user',
      group: 'access',
      effect: 'at-once',
      choices: { admin: 'May do everything', none: 'Need a token' },
    }),
  askForTokenStarts: z
    .boolean()
    .default(true)
    .describe('ask for approval of each session that is started with a token, whatever its mode')
    .register(settingMeta, {
      label: 'Ask for sessions started with a token',
      group: 'access',
      effect: 'at-once',
    }),
  tls: z
    .boolean()
    .default(false)
    .describe('serve HTTPS, with a certificate that the agent makes and keeps')
    .register(settingMeta, { label: 'HTTPS', group: 'network', effect: 'next-start' }),
  tlsCert: z
    .string()
    .max(4096)
    .default('')
    .describe('file of your own certificate chain (PEM), for HTTPS')
    .register(settingMeta, { label: 'Certificate file', group: 'network', effect: 'next-start' }),
  tlsKey: z
    .string()
    .max(4096)
    .default('')
    .describe('file of the private key (PEM) of that certificate')
    .register(settingMeta, { label: 'Private key file', group: 'network', effect: 'next-start' }),
  commandTimeoutSeconds: z
    .number()
    .positive()
    .max(MAX_COMMAND_TIMEOUT_SECONDS)
    .default(600)
    .describe('seconds after which a program is ended that asked for no limit of its own')
    .register(settingMeta, {
      label: 'End a program after',
      group: 'commands',
      effect: 'at-once',
      unit: 'seconds',
    }),
  commandStopSeconds: z
    .number()
    .min(0)
    .max(60)
    .default(2)
    .describe('seconds that a program has to end by itself when it is stopped, before it is killed')
    .register(settingMeta, {
      label: 'Time to end by itself',
      group: 'commands',
      effect: 'at-once',
      unit: 'seconds',
    }),
  maxCommandsPerSession: z
    .int()
    .min(1)
    .max(1000)
    .default(16)
    .describe('most commands of one session that can wait or run at once')
    .register(settingMeta, {
      label: 'Commands of one session at once',
      group: 'commands',
      effect: 'at-once',
    }),
  commandsMayElevate: z
    .boolean()
    .default(false)
    .describe(
      'let commands become other users (sudo), which they cannot in namespaces of their own; they are held less well then',
    )
    .register(settingMeta, {
      label: 'Commands may use sudo',
      group: 'commands',
      effect: 'next-start',
    }),
  commandsMayUseBus: z
    .boolean()
    .default(false)
    .describe(
      'let commands talk to the session bus and the service manager, through which they can start what outlives them',
    )
    .register(settingMeta, {
      label: 'Commands may use the session bus',
      group: 'commands',
      effect: 'next-start',
    }),
  denyRules: z
    .array(z.string().min(1).max(1000))
    .max(1000)
    .default([])
    .describe('commands that no session may run, such as: sudo, or git push --force*')
    .register(settingMeta, { label: 'Commands that nobody may run', group: 'commands', effect: 'at-once' }),
  readableRoots: z
    .array(z.string().min(1).max(4096))
    .max(1000)
    .default(['~'])
    .describe('folders that read_only sessions may look into, ~ for the home folder')
    .register(settingMeta, { label: 'Folders that may be read', group: 'commands', effect: 'next-start' }),
  unreadablePaths: z
    .array(z.string().min(1).max(4096))
    .max(1000)
    .default([])
    .describe('files and folders inside those that read_only sessions may not look into')
    .register(settingMeta, { label: 'Except these', group: 'commands', effect: 'next-start' }),
  pictureDays: z
    .number()
    .min(0)
    .max(3650)
    .default(14)
    .describe('days for which pictures of the screen before and after commands are kept')
    .register(settingMeta, {
      label: 'Keep pictures of commands for',
      group: 'commands',
      effect: 'at-once',
      unit: 'days',
    }),
  recording: recordingPolicySchema
    .default('ask')
    .describe(
      'whether shares can be recorded; a share that a token starts to record it is asked for, or is not',
    )
    .register(settingMeta, {
      label: 'Recording of shares',
      group: 'recording',
      effect: 'at-once',
      choices: { off: 'Off', ask: 'When I say so', allowed: 'Tokens too' },
    }),
  recordingMaxMegabytes: z
    .number()
    .positive()
    .max(1_000_000)
    .default(2000)
    .describe('megabytes at which a recording ends')
    .register(settingMeta, {
      label: 'End a recording at',
      group: 'recording',
      effect: 'at-once',
      unit: 'MB',
    }),
  recordingsMaxMegabytes: z
    .number()
    .positive()
    .max(10_000_000)
    .default(10_000)
    .describe('megabytes that all recordings together may take')
    .register(settingMeta, {
      label: 'All recordings together',
      group: 'recording',
      effect: 'at-once',
      unit: 'MB',
    }),
  recordingKeepFreeMegabytes: z
    .number()
    .min(0)
    .max(1_000_000)
    .default(1000)
    .describe('megabytes of the disk that recordings leave free; a recording that comes so far ends')
    .register(settingMeta, {
      label: 'Leave free on the disk',
      group: 'recording',
      effect: 'at-once',
      unit: 'MB',
    }),
  recordingDays: z
    .number()
    .min(0)
    .max(3650)
    .default(0)
    .describe('days after which a recording is deleted; 0 keeps them')
    .register(settingMeta, {
      label: 'Delete recordings after',
      group: 'recording',
      effect: 'at-once',
      unit: 'days',
    }),
  maxLiveSessions: z
    .int()
    .min(1)
    .max(10_000)
    .default(256)
    .describe('most sessions that can be live at once')
    .register(settingMeta, {
      label: 'Live sessions at once',
      group: 'sessions',
      effect: 'next-start',
    }),
  historyDays: z
    .number()
    .min(0)
    .max(3650)
    .default(365)
    .describe(
      'days for which ended sessions, their commands and what happened in them are kept; 0 for as long as there is room',
    )
    .register(settingMeta, {
      label: 'Keep the history for',
      group: 'sessions',
      effect: 'at-once',
      unit: 'days',
    }),
  historyMegabytes: z
    .number()
    .min(20)
    .max(1_000_000)
    .default(1000)
    .describe('megabytes that all of that may take; above them the oldest ended sessions go')
    .register(settingMeta, {
      label: 'The history takes at most',
      group: 'sessions',
      effect: 'at-once',
      unit: 'MB',
    }),
});

/** The settings of one run of the agent. */
export type Settings = z.infer<typeof settingsSchema>;
/** The name of a setting. */
export type SettingKey = keyof Settings;

/** The names of all settings. */
export const SETTING_KEYS = Object.keys(settingsSchema.shape) as SettingKey[];
