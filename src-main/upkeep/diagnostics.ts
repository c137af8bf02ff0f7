import { open, readdir, stat } from 'node:fs/promises';
import { arch, cpus, freemem, homedir, platform, release, totalmem, uptime } from 'node:os';
import path from 'node:path';
import { strToU8, zip } from 'fflate';
import { describeSetting } from '#shared/setting-form';
import { SETTING_KEYS } from '#shared/settings';
import type { SettingsView } from '#shared/settings-api';
import { digestLog, withoutPrivate } from './log-digest.ts';

/** What diagnostics are made of. */
export interface DiagnosticsOptions {
  readonly version: string;
  /** The folder of the log; null if none is kept. */
  readonly logFolder: string | null;
  readonly describeSettings: () => SettingsView;
  /** How many there are of everything that can be counted, by name. */
  readonly count: () => Readonly<Record<string, number>>;
  /** What the desktop knows of displays and graphics. */
  readonly describeDesktop: () => Promise<object>;
}

const MAX_LOG_BYTES = 2 * 1024 * 1024;
const MAX_LOG_LINES = 5000;

const READ_ME = `What Porthole says of itself, for whoever helps.

about.json     versions, and facts of this machine
desktop.json   displays, and what the graphics can do
counts.json    how many sessions, viewers and so on there are
settings.json  each setting: where its value comes from, and the value unless it is a text
log.jsonl      the end of the log

Not in it: tokens, keys, links, certificates and other secrets; names, reasons and other texts of people; commands,
what they were about and what they wrote; pictures.
`;

/** An archive (zip) of what helps to find a fault, without secrets and without what people wrote. Never throws for a part that cannot be had. */
export async function collectDiagnostics(options: DiagnosticsOptions): Promise<Uint8Array> {
  const home = homedir();
  const toFile = (content: unknown): Uint8Array =>
    strToU8(withoutPrivate(`${JSON.stringify(content, null, 2)}\n`, home));
  const files = {
    'README.txt': strToU8(READ_ME),
    'about.json': toFile(describeMachine(options.version)),
    'desktop.json': toFile(await options.describeDesktop().catch(explain)),
    'counts.json': toFile(attempt(options.count)),
    'settings.json': toFile(attempt(() => digestSettings(options.describeSettings()))),
    'log.jsonl': strToU8(await digestLog(await readEndOfLog(options.logFolder), MAX_LOG_LINES, home)),
  };
  return new Promise((resolve, reject) => {
    zip(files, { level: 6, consume: true }, (error, archive) => (error ? reject(error) : resolve(archive)));
  });
}

function describeMachine(version: string): object {
  const { electron, chrome, node } = process.versions;
  return {
    porthole: version,
    electron,
    chrome,
    node,
    platform: platform(),
    arch: arch(),
    system: release(),
    session: { desktop: process.env.XDG_CURRENT_DESKTOP, type: process.env.XDG_SESSION_TYPE },
    cpus: cpus().length,
    memory_bytes: { total: totalmem(), free: freemem(), own: process.memoryUsage().rss },
    seconds_up: { system: Math.round(uptime()), agent: Math.round(process.uptime()) },
  };
}

/** Values that can be but one of a few things; of texts and lists, which can be anything, just how long they are. */
function digestSettings({ settings, problems }: SettingsView): object {
  const digest: Record<string, unknown> = {};
  for (const key of SETTING_KEYS) {
    const entry = settings[key];
    if (!entry) continue;
    const { kind } = describeSetting(key).value;
    const isFree = (kind === 'text' || kind === 'list') && entry.source !== 'default';
    const { value, source } = entry;
    digest[key] = isFree
      ? { source, length: typeof value === 'string' || Array.isArray(value) ? value.length : null }
      : { source, value };
  }
  return { settings: digest, problems: problems.map(({ key }) => key) };
}

/** The end of the newest log file, preceded by that of the one before it. */
async function readEndOfLog(folder: string | null): Promise<string> {
  if (folder === null) return '';
  try {
    const names = (await readdir(folder)).filter((name) => name.endsWith('porthole.log'));
    const files = await Promise.all(
      names.map(async (name) => {
        const file = path.join(folder, name);
        return { file, changedMs: (await stat(file)).mtimeMs };
      }),
    );
    const newest = files.sort((a, b) => b.changedMs - a.changedMs).slice(0, 2);
    const texts: string[] = [];
    let bytes = MAX_LOG_BYTES;
    for (const { file } of newest) {
      const text = await readEnd(file, bytes);
      bytes -= Buffer.byteLength(text);
      texts.unshift(text);
      if (bytes <= 0) break;
    }
    return texts.join('');
  } catch (error) {
    return JSON.stringify({ msg: `The log cannot be read: ${explain(error).error}` });
  }
}

async function readEnd(file: string, maxBytes: number): Promise<string> {
  const handle = await open(file, 'r');
  try {
    const { size } = await handle.stat();
    const length = Math.min(size, maxBytes);
    const bytes = Buffer.alloc(length);
    await handle.read(bytes, 0, length, size - length);
    return bytes.toString('utf8');
  } finally {
    await handle.close();
  }
}

function attempt(describe: () => object): object {
  try {
    return describe();
  } catch (error) {
    return explain(error);
  }
}

function explain(error: unknown): { error: string } {
  return { error: error instanceof Error ? error.message : String(error) };
}
