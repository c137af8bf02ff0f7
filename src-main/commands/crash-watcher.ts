import { type ChildProcess, spawn } from 'node:child_process';
import { GROUP_PREFIX } from './control-groups.ts';

/*
 * Reads until nobody holds the other end of its stdin, which is when the agent is gone, however it went: the kernel
 * closes it. Then it kills everything that bears a mark of that agent, until it has found nothing three times in a
 * row: a process that was just being started bears its mark a moment later. Arguments: what the marks begin with, what
 * groups are called by, the folders that hold groups.
 */
const WATCH = `
trap '' HUP INT QUIT TERM PIPE
while read -r line; do :; done
prefix=$1 name=$2; shift 2
for parent; do
  for file in "$parent/$name$prefix"*/cgroup.kill; do
    if [ -e "$file" ]; then echo 1 >"$file"; fi
  done
done
round=0 quiet=0
while [ "$quiet" -lt 3 ] && [ "$round" -lt 300 ]; do
  round=$((round + 1)) quiet=$((quiet + 1))
  for file in $(grep -ls "^Max file locks  *[0-9]*  *$prefix" /proc/[0-9]*/limits); do
    pid=\${file#/proc/}; pid=\${pid%/limits}
    if grep -qs '^State:.[^ZX]' "/proc/$pid/status" && kill -9 "$pid"; then quiet=0; fi
  done
  sleep 0.05 || sleep 1
done
for parent; do
  for folder in "$parent/$name$prefix"*; do rmdir "$folder"; done
done`;

/**
 * A small process beside the agent that outlives it by a moment: when the agent is gone, even by `kill -9`, it kills
 * what the agent's commands left running. Needs nothing but a POSIX shell and grep. Runs from the first command on.
 */
export class CrashWatcher {
  readonly #args: readonly string[];
  #child: ChildProcess | null = null;
  #closed = false;

  /** `markPrefix` begins every mark of this agent; `groupParents` are the folders that its groups are made in. */
  constructor(markPrefix: string, groupParents: readonly string[]) {
    this.#args = ['-c', WATCH, 'porthole-watcher', markPrefix, GROUP_PREFIX, ...groupParents];
  }

  /** Sees to it that the watcher runs; starts it anew if somebody has ended it. Throws if it cannot be started. */
  ensure(): void {
    if (this.#closed) throw new Error('The watcher was closed');
    if (this.#child) return;
    // A session of its own: what ends the agent's terminal must not end the watcher first.
    const child = spawn('/bin/sh', this.#args, {
      detached: true,
      stdio: ['pipe', 'ignore', 'ignore'],
      env: { PATH: process.env.PATH ?? '/usr/bin:/bin' },
      cwd: '/',
    });
    const forget = (): void => {
      if (this.#child === child) this.#child = null;
    };
    child.once('exit', forget);
    child.once('error', forget);
    child.stdin.on('error', forget);
    child.unref();
    if ('unref' in child.stdin && typeof child.stdin.unref === 'function') child.stdin.unref();
    this.#child = child;
  }

  /** Sends the watcher home; on its way it looks once whether anything was left. */
  close(): void {
    this.#closed = true;
    this.#child?.stdin?.end();
    this.#child = null;
  }
}
