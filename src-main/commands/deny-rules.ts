import type { Operation } from '#shared/commands';
import { compileGlob, type GlobTest } from './glob.ts';
import { parseShellLine } from './shell-line.ts';

/** Why a rule refuses an operation; `rule` is null where no rule could be checked. */
export interface RuleRefusal {
  readonly rule: string | null;
  readonly message: string;
}

type Word = string | null;

interface Rule {
  readonly text: string;
  readonly program: GlobTest;
  readonly others: readonly GlobTest[];
}

/** Programs that run what their arguments say, so that every argument may be a program. */
const CARRIERS =
  /^(?:sudo|doas|su|pkexec|runuser|env|nohup|nice|ionice|chrt|taskset|setsid|setpriv|unshare|nsenter|chroot|timeout|time|stdbuf|script|watch|xargs|parallel|find|fd|exec|command|builtin|busybox|toybox|strace|ltrace|gdb|systemd-run|flock|entr|proot|fakeroot|firejail|bwrap|ssh|docker|podman|kubectl|tmux|screen|dbus-run-session|xvfb-run|eval|source|\.|trap|coproc|start-stop-daemon|cmd|start)(?:\.exe)?$/i;

/** Shells, which run the line that follows one of these options. */
const SHELL = /^(?:(?:ba|da|z|k|mk|a|fi|tc|c)?sh|pwsh|powershell|cmd)(?:\.exe)?$/i;
const LINE_OPTION = /^(?:-[a-z]*c|\/c|\/k|-command|-commandwithargs|-c)$/i;

const MAX_DEPTH = 8;

/**
 * Rules from the settings that hold in every mode. A rule is a program's name and, after it, arguments that must all
 * be there, in any order; `*` stands for anything and `?` for any character: `sudo`, `git push --force*`, `rm -rf /*`.
 * It is looked for in what runs, in every part of a shell line, and in what programs such as `sudo`, `env`, `xargs`
 * or `sh -c` would run in turn. A shell line whose programs only show when it runs is refused as soon as there is a
 * rule. Rules keep honest mistakes from happening; what a program does by itself they cannot see.
 */
export class DenyRules {
  readonly #rules: readonly Rule[];

  constructor(rules: readonly string[]) {
    this.#rules = rules.map(parseRule).filter((rule) => rule !== null);
  }

  /** Why the rules refuse an operation; null if they do not. */
  findRefusal(operation: Operation): RuleRefusal | null {
    if (this.#rules.length === 0) return null;
    if (operation.operation === 'run') return this.#checkWords(operation.argv, 0, false);
    return operation.operation === 'shell' ? this.#checkLine(operation.script, 0) : null;
  }

  #checkLine(line: string, depth: number): RuleRefusal | null {
    const { commands, complete } = parseShellLine(line);
    if (!complete || depth > MAX_DEPTH) return UNREADABLE;
    for (const { words } of commands) {
      const refusal = this.#checkWords(words, depth, true);
      if (refusal) return refusal;
    }
    return null;
  }

  #checkWords(words: readonly Word[], depth: number, isLine: boolean): RuleRefusal | null {
    const [program = null] = words;
    if (program === null) return isLine ? COMPUTED : null;
    const rule = this.#rules.find((candidate) => matches(candidate, words));
    if (rule) return toRefusal(rule);
    return this.#checkCarried(words, depth, isLine);
  }

  /** What the command would run in turn. */
  #checkCarried(words: readonly Word[], depth: number, isLine: boolean): RuleRefusal | null {
    const [program, ...rest] = words;
    const name = baseName(program ?? '');
    if (SHELL.test(name)) {
      const option = rest.findIndex((word) => word !== null && LINE_OPTION.test(word));
      if (option !== -1) return this.#checkNested(rest.slice(option + 1, option + 2), depth);
      // Without a line or a script it reads its commands from somewhere else.
      if (isLine && rest.every((word) => word === null || word.startsWith('-'))) return COMPUTED;
    }
    if (!CARRIERS.test(name)) return null;
    if (name === 'eval')
      return this.#checkNested([rest.every((word) => word !== null) ? rest.join(' ') : null], depth);
    for (let index = 1; index < words.length; index += 1) {
      const carried = words.slice(index);
      const refusal = carried[0] === null && !isLine ? null : this.#checkRest(carried, depth, isLine);
      if (refusal) return refusal;
    }
    return null;
  }

  /** As a command, if it can be one: an option or a computed argument of a carrier need not be. */
  #checkRest(words: readonly Word[], depth: number, isLine: boolean): RuleRefusal | null {
    const [first] = words;
    if (first === null || first === undefined || first.startsWith('-')) return null;
    if (depth > MAX_DEPTH) return UNREADABLE;
    const rule = this.#rules.find((candidate) => matches(candidate, words));
    if (rule) return toRefusal(rule);
    const isLineForShell = /[\s;&|]/.test(first) ? this.#checkLine(first, depth + 1) : null;
    if (isLineForShell?.rule) return isLineForShell;
    return SHELL.test(baseName(first)) ? this.#checkCarried(words, depth + 1, isLine) : null;
  }

  #checkNested(line: readonly Word[], depth: number): RuleRefusal | null {
    const [script] = line;
    if (script === undefined) return null;
    return script === null ? COMPUTED : this.#checkLine(script, depth + 1);
  }
}

function toRefusal({ text }: Rule): RuleRefusal {
  return { rule: text, message: `The deny rule “${text}” in this machine's settings forbids this.` };
}

const UNREADABLE: RuleRefusal = {
  rule: null,
  message:
    "This shell line cannot be checked against this machine's deny rules: its quotes or brackets do not close.",
};

const COMPUTED: RuleRefusal = {
  rule: null,
  message:
    "This shell line computes what it runs, so it cannot be checked against this machine's deny rules; name the program.",
};

function parseRule(text: string): Rule | null {
  const [program, ...others] = text
    .trim()
    .split(/\s+/)
    .filter((word) => word !== '');
  if (program === undefined) return null;
  return { text: text.trim(), program: compileGlob(program), others: others.map(compileGlob) };
}

/** A computed argument might be anything: it counts as what the rule looks for. */
function matches(rule: Rule, [program, ...rest]: readonly Word[]): boolean {
  if (program === null || program === undefined) return false;
  const isProgram = rule.program(program) || rule.program(baseName(program));
  return isProgram && rule.others.every((other) => rest.some((word) => word === null || other(word)));
}

function baseName(program: string): string {
  return program.split(/[\\/]/).at(-1) ?? program;
}
