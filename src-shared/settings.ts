import { z } from 'zod';
import { MAX_COMMAND_TIMEOUT_SECONDS } from './commands.ts';

/**
 * Which native notifications are shown: of everything, of everything but what the person at the machine did
 * themselves in the agent's own windows and menus, of requests for approval alone, or none.
 */
export const notificationLevelSchema = z.enum(['all', 'others', 'approvals', 'none']);
export type NotificationLevel = z.infer<typeof notificationLevelSchema>;

/**
 * Everything that can be set, each key with its default. A key may be given in the settings file under its own
 * name, in the environment as `PORTHOLE_` + SNAKE_CASE, and as a flag in kebab-case; flags win over the environment,
 * which wins over the file.
 */
export const settingsSchema = z.strictObject({
  port: z.int().min(0).max(65535).default(8000).describe('port of the API; 0 picks a free one'),
  host: z.string().min(1).max(255).default('127.0.0.1').describe('address to listen on'),
  hidden: z.boolean().default(false).describe('start without showing the panel'),
  sessionTimeoutMinutes: z
    .number()
    .positive()
    .max(1440)
    .default(5)
    .describe('minutes without a sign of life after which a session is dropped'),
  heartbeatIntervalSeconds: z
    .number()
    .min(1)
    .max(3600)
    .default(30)
    .describe('seconds between the heartbeats that clients are asked for'),
  approvalTimeoutSeconds: z
    .number()
    .min(1)
    .max(3600)
    .default(60)
    .describe('seconds after which a request that nobody answered is denied'),
  notifications: notificationLevelSchema
    .default('all')
    .describe('native notifications of: all, others (not what you do yourself), approvals, none'),
  openPrompt: z
    .enum(['at-once', 'on-click'])
    .default('at-once')
    .describe('when a request for approval opens its prompt: at-once, or on-click on its notification'),
  stopAllShortcut: z
    .string()
    .max(100)
    .default('CommandOrControl+Alt+Shift+X')
    .describe('global shortcut that stops everything, as an Electron accelerator; empty for none'),
  allowNetworkViewers: z
    .boolean()
    .default(false)
    .describe('let others on the network reach the agent: viewers that are let in, and bearers of tokens'),
  allowedHosts: z
    .array(z.string().regex(/^[a-z0-9.-]{1,253}(:\d{1,5})?$/i, 'must be a host name, with or without a port'))
    .max(100)
    .default([])
    .describe('further host names under which the agent answers, parted by commas'),
  localTrust: z
    .enum(['admin', 'none'])
    .default('admin')
    .describe('what programs of your own user on this machine may do without a token: admin or none'),
  askForTokenStarts: z
    .boolean()
    .default(true)
    .describe('ask for approval of each session that is started with a token, whatever its mode'),
  tls: z.boolean().default(false).describe('serve HTTPS, with a certificate that the agent makes and keeps'),
  tlsCert: z.string().max(4096).default('').describe('file of your own certificate chain (PEM), for HTTPS'),
  tlsKey: z.string().max(4096).default('').describe('file of the private key (PEM) of that certificate'),
  commandTimeoutSeconds: z
    .number()
    .positive()
    .max(MAX_COMMAND_TIMEOUT_SECONDS)
    .default(600)
    .describe('seconds after which a program is ended that asked for no limit of its own'),
  commandStopSeconds: z
    .number()
    .min(0)
    .max(60)
    .default(2)
    .describe('seconds that a program has to end by itself when it is stopped, before it is killed'),
  maxCommandsPerSession: z
    .int()
    .min(1)
    .max(1000)
    .default(16)
    .describe('most commands of one session that can wait or run at once'),
  denyRules: z
    .array(z.string().min(1).max(1000))
    .max(1000)
    .default([])
    .describe(
      'commands that no session may run, such as: sudo,git push --force*; parted by commas, or as a JSON list',
    ),
  readableRoots: z
    .array(z.string().min(1).max(4096))
    .max(1000)
    .default(['~'])
    .describe(
      'folders that read_only sessions may look into, ~ for the home folder; parted by commas, or as a JSON list',
    ),
  unreadablePaths: z
    .array(z.string().min(1).max(4096))
    .max(1000)
    .default([])
    .describe('files and folders inside them that they may not; parted by commas, or as a JSON list'),
  pictureDays: z
    .number()
    .min(0)
    .max(3650)
    .default(14)
    .describe('days for which pictures of the screen before and after commands are kept'),
  maxLiveSessions: z.int().min(1).max(10_000).default(256).describe('most sessions that can be live at once'),
});

/** The settings of one run of the agent. */
export type Settings = z.infer<typeof settingsSchema>;
/** The name of a setting. */
export type SettingKey = keyof Settings;

/** The names of all settings. */
export const SETTING_KEYS = Object.keys(settingsSchema.shape) as SettingKey[];
