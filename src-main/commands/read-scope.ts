import { realpathSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import type { PathKind } from './command-policy.ts';
import { textOfPath } from './path-text.ts';

/** Names that hold credentials wherever they are found, at any depth. */
const CREDENTIAL_NAMES: ReadonlySet<string> = new Set([
  '.ssh',
  '.gnupg',
  '.gpg',
  '.aws',
  '.azure',
  '.gcloud',
  '.oci',
  '.kube',
  '.docker',
  '.podman',
  '.terraform.d',
  '.password-store',
  '.vault-token',
  '.netrc',
  '_netrc',
  '.git-credentials',
  '.npmrc',
  '.yarnrc.yml',
  '.pypirc',
  '.gem',
  '.cargo',
  '.m2',
  '.gradle',
  '.pgpass',
  '.my.cnf',
  '.mylogin.cnf',
  '.mozilla',
  '.thunderbird',
  '.pki',
  '.electrum',
  '.bitcoin',
  '.1password',
  // Of clouds and their tools.
  '.s3cfg',
  '.boto',
  '.dockercfg',
  '.passwd-s3fs',
  '.databrickscfg',
  '.snowsql',
  '.kaggle',
  '.fly',
  '.heroku',
  '.netlify',
  '.vercel',
  '.wrangler',
  '.cloudflared',
  '.ngrok2',
  '.pulumi',
  '.minikube',
  '.doctl',
  '.hcloud',
  '.supabase',
  '.rclone.conf',
  // Of AI agents: keys, and what they were told.
  '.claude',
  '.claude.json',
  '.codex',
  '.gemini',
  '.cursor',
  '.copilot',
  '.continue',
  '.aider.conf.yml',
  '.openai',
  '.anthropic',
  '.huggingface',
  '.ollama',
  '.windsurf',
  '.goose',
  // Of mail, versions, packages, remote desktops and wallets.
  '.msmtprc',
  '.mbsyncrc',
  '.fetchmailrc',
  '.offlineimaprc',
  '.mutt',
  '.muttrc',
  '.subversion',
  '.composer',
  '.nuget',
  '.bundle',
  '.condarc',
  '.smbcredentials',
  '.vnc',
  '.rhosts',
  '.ethereum',
  '.solana',
]);

/** Names of files, wherever they are, that hold variables for programs, private keys or stores of them. */
const CREDENTIAL_PATTERNS: readonly RegExp[] = [
  /^\.env/,
  /^id_(?:rsa|dsa|ecdsa|ed25519)(?:_sk)?$/,
  /\.(?:pem|key|ppk|p12|pfx|jks|keystore|kdbx?|tfstate|ovpn)$/,
];

/** What lies right below a home folder and holds profiles, keys and histories of programs, browsers among them. */
const HIDDEN_IN_HOME: ReadonlySet<string> = new Set([
  '.config',
  '.local',
  '.cache',
  '.var',
  'snap',
  'library',
  'appdata',
  'application data',
  '.zhistory',
  '.histfile',
  '.lesshst',
  '.viminfo',
  '.xauthority',
  '.iceauthority',
]);

/** The kernel's own views of the machine: they look like files, and some hold the agent's memory. */
const KERNEL_FOLDERS = ['/proc', '/sys', '/dev', '/run'];

/** What the kernel shows of one process or thread: of the agent its environment and open files, too. */
const PROCESS_FOLDER = /^\/proc\/\d+(?:\/|$)/;

/** What a {@link ReadScope} is made of. */
export interface ReadScopeOptions {
  /** Folders that may be read, absolute; `~` is the home folder. */
  readonly roots: readonly string[];
  /** Files and folders inside them that may not, in the same form. */
  readonly hidden: readonly string[];
  /** The agent's own, which no session gets at, in the same form. */
  readonly own?: readonly string[];
  readonly home?: string;
}

/**
 * The part of the file system that a read-only session may look at: the roots, without what holds credentials; and what
 * no session may, as it is the agent's own. Names
 * are compared without regard to case, as some file systems do.
 */
export class ReadScope {
  /** These and what follows in lower case. */
  readonly #roots: readonly string[];
  readonly #hidden: readonly string[];
  readonly #own: readonly string[];
  readonly #home: string;

  /** Links in the roots are followed once, here. */
  constructor(options: ReadScopeOptions) {
    const home = resolveLinks(options.home ?? homedir());
    const expand = (text: string): string => resolveLinks(text.replace(/^~(?=$|[\\/])/, home)).toLowerCase();
    this.#home = home.toLowerCase();
    this.#roots = options.roots.map(expand);
    this.#hidden = options.hidden.map(expand);
    this.#own = (options.own ?? []).map(expand);
  }

  /** What kind of place a path is; it must be absolute and free of links. */
  classify(realPath: string): Extract<PathKind, 'readable' | 'hidden' | 'outside' | 'own'> {
    const place = path.resolve(realPath).toLowerCase();
    if (PROCESS_FOLDER.test(place) || this.#own.some((own) => isInside(place, own))) return 'own';
    const root = this.#roots.find((candidate) => isInside(place, candidate));
    if (root === undefined) return 'outside';
    const isKernels = KERNEL_FOLDERS.some((folder) => isInside(place, folder) && !isInside(root, folder));
    const isNamed = this.#hidden.some((hidden) => isInside(place, hidden));
    return isKernels || isNamed || this.#holdsCredentials(place) ? 'hidden' : 'readable';
  }

  #holdsCredentials(place: string): boolean {
    // Each once: a path may have many names, or none between its slashes.
    const names = new Set(place.split(/[\\/]+/));
    for (const name of names) if (isCredential(name)) return true;
    const inHome = isInside(place, this.#home)
      ? path.relative(this.#home, place).split(path.sep, 1)[0]
      : undefined;
    return inHome !== undefined && isHiddenInHome(inHome);
  }
}

/** `name` is in lower case, as that of {@link isHiddenInHome}. */
function isCredential(name: string): boolean {
  return CREDENTIAL_NAMES.has(name) || CREDENTIAL_PATTERNS.some((pattern) => pattern.test(name));
}

function isHiddenInHome(name: string): boolean {
  return HIDDEN_IN_HOME.has(name) || (name.startsWith('.') && name.endsWith('_history'));
}

/** Whether `inner` is `outer` or below it; both are absolute, without `.` and `..`, and in lower case. */
function isInside(inner: string, outer: string): boolean {
  return inner === outer || inner.startsWith(outer.endsWith(path.sep) ? outer : outer + path.sep);
}

/** The path without links, as far as it exists. */
function resolveLinks(text: string): string {
  const absolute = path.resolve(text);
  try {
    return textOfPath(realpathSync.native(absolute, { encoding: 'buffer' }));
  } catch {
    const parent = path.dirname(absolute);
    return parent === absolute ? absolute : path.join(resolveLinks(parent), path.basename(absolute));
  }
}
