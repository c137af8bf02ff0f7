import type { Operation } from '#shared/commands';
import {
  baseName,
  type ReadCommand,
  type ShellReading,
  type Unread,
  type Word,
} from '../shell/shell-reading.ts';
import { Turns } from '../turns.ts';
import { compileGlob, type GlobTest } from './glob.ts';

/** Why a rule refuses an operation; `rule` is null where no rule could be checked. */
export interface RuleRefusal {
  readonly rule: string | null;
  readonly message: string;
}

interface Rule {
  readonly text: string;
  /** The program's name as it is written; null if it has wildcards in it. */
  readonly name: string | null;
  readonly program: GlobTest;
  readonly others: readonly GlobTest[];
}

/** So long one operation may be checked in all; after that it counts as one that cannot be. */
const BUDGET_MS = 1000;
/** So many comparisons pass between two looks at the time; one with a long text counts as many. */
const COST_BETWEEN_LOOKS = 256;
const LENGTH_OF_STEP = 64;

/**
 * Rules from the settings that hold in every mode. A rule is a program's name and, after it, arguments that must all
 * be there, in any order; `*` stands for anything and `?` for any character: `sudo`, `git push --force*`, `rm -rf /*`.
 * It is looked for in what runs: in every part of a shell line, and in what programs such as `sudo`, `env`, `xargs`
 * or `sh -c` run in turn. What cannot be wholly read is refused as soon as there is a rule. Rules keep honest mistakes
 * from happening; what a program does by itself they cannot see.
 */
export class DenyRules {
  /** Rules that name their program, by its name, and all others. */
  readonly #named = new Map<string, Rule[]>();
  readonly #patterned: Rule[] = [];

  constructor(rules: readonly string[]) {
    for (const rule of rules.map(parseRule)) {
      if (rule === null) continue;
      if (rule.name === null) this.#patterned.push(rule);
      else this.#named.set(rule.name, [...(this.#named.get(rule.name) ?? []), rule]);
    }
  }

  /** Whether nothing is ever refused. */
  get isEmpty(): boolean {
    return this.#named.size === 0 && this.#patterned.length === 0;
  }

  /**
   * Why the rules refuse an operation, of which `reading` says what it runs; null if they do not. Everybody else has
   * turns meanwhile, however much there is to compare.
   */
  async findRefusal(operation: Operation, reading: ShellReading | null): Promise<RuleRefusal | null> {
    if (this.isEmpty || reading === null) return null;
    const found = await takeTurns(this.#search(reading.commands));
    if (found === 'late') return refuseUnread(operation, 'late');
    if (found === null) return reading.unread && refuseUnread(operation, reading.unread);
    return {
      rule: found.text,
      message: `The deny rule “${found.text}” in this machine's settings forbids this.`,
    };
  }

  *#search(commands: readonly ReadCommand[]): Comparing<Rule | null> {
    for (const { words, startsAnywhere } of commands) {
      const last = startsAnywhere ? words.length : Math.min(words.length, 1);
      const seen = new Set<Rule>();
      for (let at = 0; at < last; at += 1) {
        const program = words[at];
        if (program === null || program === undefined) continue;
        for (const rule of this.#candidates(program)) {
          yield program.length;
          // The first place from which a rule fits leaves it the most words.
          if (seen.has(rule) || !isProgram(rule, program)) continue;
          seen.add(rule);
          if (yield* hasAll(rule.others, words, at + 1)) return rule;
        }
      }
    }
    return null;
  }

  *#candidates(program: string): Iterable<Rule> {
    const base = baseName(program);
    yield* this.#named.get(program) ?? [];
    if (base !== program) yield* this.#named.get(base) ?? [];
    yield* this.#patterned;
  }
}

/** A search that says, before or after each comparison, how long the text is that it looks at. */
type Comparing<R> = Generator<number, R, undefined>;

function isProgram({ program }: Rule, word: string): boolean {
  return program(word) || program(baseName(word));
}

/** A computed argument might be anything: it counts as what the rule looks for. */
function* hasAll(globs: readonly GlobTest[], words: readonly Word[], from: number): Comparing<boolean> {
  for (const glob of globs) {
    let isThere = false;
    for (let at = from; at < words.length && !isThere; at += 1) {
      const word = words[at] ?? null;
      isThere = word === null || glob(word);
      yield word?.length ?? 0;
    }
    if (!isThere) return false;
  }
  return true;
}

/** What a search comes to, or that it takes too long; everybody else has turns in between. */
async function takeTurns<R>(search: Comparing<R>): Promise<R | 'late'> {
  const turns = new Turns();
  const startedMs = performance.now();
  let cost = 0;
  for (;;) {
    const step = search.next();
    if (step.done) return step.value;
    cost += 1 + step.value / LENGTH_OF_STEP;
    if (cost < COST_BETWEEN_LOOKS) continue;
    cost = 0;
    if (performance.now() - startedMs > BUDGET_MS) return 'late';
    if (turns.isOver) await turns.next();
  }
}

const REASONS: Readonly<Record<Unread, string>> = {
  malformed: 'it is no line that can be wholly read, as where quotes or brackets do not close',
  ambiguous: 'shells would read it differently; write it more plainly',
  computed: 'it computes what it runs; name the program',
  foreign: 'it is for a shell whose language is not read here',
  too_large: 'it is too long, or holds too many commands',
  late: 'reading it took too long',
};

function refuseUnread({ operation }: Operation, unread: Unread): RuleRefusal {
  const what = operation === 'shell' ? 'This shell line' : 'This command';
  return {
    rule: null,
    message: `${what} cannot be checked against this machine's deny rules: ${REASONS[unread]}.`,
  };
}

function parseRule(text: string): Rule | null {
  const [program, ...others] = text
    .trim()
    .split(/\s+/)
    .filter((word) => word !== '');
  if (program === undefined) return null;
  return {
    text: text.trim(),
    name: /[*?]/.test(program) ? null : program,
    program: compileGlob(program),
    others: others.map(compileGlob),
  };
}
