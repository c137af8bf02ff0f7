import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import path from 'node:path';

/** A script that a command names, as it is now. */
export interface NamedScript {
  readonly path: string;
  /** SHA-256 in hex. */
  readonly digest: string;
}

/** Larger files are no scripts that anybody reads before allowing them. */
const MAX_SCRIPT_BYTES = 16 * 1024 * 1024;
/** More are not looked at: nobody names so many scripts at once. */
const MAX_SCRIPTS = 64;

const INTERPRETER =
  /^(?:(?:ba|da|z|k|mk|a|fi|tc|c)?sh|busybox|env|python[\d.]*|pypy[\d.]*|node(?:js)?|deno|bun|tsx|ts-node|perl[\d.]*|ruby[\d.]*|php[\d.]*|lua[\d.]*|luajit|tclsh[\d.]*|wish|expect|Rscript|julia|java|groovy|kotlin|scala|pwsh|powershell|cmd|wscript|cscript|osascript|awk|gawk|mawk|sed|make|gmake|ansible-playbook|psql|mysql|sqlite3|gdb|source|\.)(?:\.exe)?$/i;
const SCRIPT_NAME =
  /(?:^|[\\/])(?:Makefile|makefile|GNUmakefile|Rakefile|Justfile|justfile)$|\.(?:sh|bash|zsh|fish|ksh|py|pyz|js|mjs|cjs|ts|mts|cts|jsx|tsx|pl|pm|rb|php|lua|tcl|r|jl|jar|groovy|ps1|psm1|bat|cmd|vbs|wsf|scpt|applescript|awk|sed|mk|sql|yml|yaml|gdb)$/i;

const { O_NONBLOCK, O_RDONLY } = constants;

/**
 * The scripts that `words` name, looked for from folder `cwd`: every regular file among them that may be run, begins
 * with `#!`, is called like a script, or stands beside an interpreter. Files that are only read (a log that grows)
 * are none of these, so that their changes do not hold up a command.
 */
export async function findNamedScripts(words: readonly string[], cwd: string): Promise<NamedScript[]> {
  const hasInterpreter = words.some((word) => INTERPRETER.test(word.split(/[\\/]/).at(-1) ?? ''));
  const files = new Set(
    words.filter((word) => word !== '' && !word.includes('\0')).map((word) => path.resolve(cwd, word)),
  );
  const scripts: NamedScript[] = [];
  for (const file of files) {
    if (scripts.length === MAX_SCRIPTS) break;
    const digest = await digestIfScript(file, hasInterpreter);
    if (digest !== null) scripts.push({ path: file, digest });
  }
  return scripts;
}

async function digestIfScript(file: string, hasInterpreter: boolean): Promise<string | null> {
  try {
    const handle = await open(file, O_RDONLY | O_NONBLOCK);
    try {
      const stats = await handle.stat();
      if (!stats.isFile() || stats.size > MAX_SCRIPT_BYTES) return null;
      const content = await handle.readFile();
      const mayBeRun = (stats.mode & 0o111) !== 0 || content.subarray(0, 2).toString() === '#!';
      if (!mayBeRun && !hasInterpreter && !SCRIPT_NAME.test(file)) return null;
      return createHash('sha256').update(content).digest('hex');
    } finally {
      await handle.close();
    }
  } catch {
    // Not there, or not to be read: then it is no script for the program either, or the program is another user's.
    return null;
  }
}
