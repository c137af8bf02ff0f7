import { type CommandDetails, MAX_DETAIL_LENGTH } from '#shared/command-details';
import type { Operation, OperationOf } from '#shared/commands';
import { describeOperation, OPERATION_TITLES } from '#shared/operation-words';
import type { SafetyMode } from '#shared/sessions';
import { hasHidden, hasHiddenInLines, quoteArguments, revealHidden } from '#shared/visible-text';
import type { ApprovalAsk } from '../approvals/approval-queue.ts';
import type { BoundOperation, BoundProgram } from './bound-operation.ts';
import type { CommandRecord } from './command-record.ts';
import type { ChangeDescriber } from './file-change.ts';
import { bytesToWrite } from './file-writer.ts';
import type { ProcessEntry } from './machine-report.ts';

const MAX_SUMMARY_LENGTH = 160;
const MAX_FACT_LENGTH = 4000;
const MAX_FACTS = 40;
/** Folder, program and time limit. */
const OTHER_FACTS = 3;
const MAX_TEXT_LENGTH = 16_000;

type Fact = CommandDetails['facts'][number];

/** What the person is asked for a command; `notes` and `changes` as for {@link describeCommand}. */
export async function describeRequest(
  { commandId, sessionId, userId, reason, origin }: CommandRecord,
  bound: BoundOperation,
  safetyMode: SafetyMode,
  notes: readonly string[],
  changes: ChangeDescriber,
): Promise<ApprovalAsk> {
  return {
    kind: 'command',
    sessionId,
    userId,
    summary: summarize(bound.operation),
    safetyMode,
    reason: reason ?? undefined,
    origin,
    details: await describeCommand(commandId, bound, notes, changes),
  };
}

/** One line that says what an operation would do. */
export function summarize(operation: Operation): string {
  const text = describeOperation(operation, MAX_SUMMARY_LENGTH).text.replaceAll('\n', '⏎');
  return cutOff(
    `${OPERATION_TITLES[operation.operation]}${text === '' ? '' : `: ${text}`}`,
    MAX_SUMMARY_LENGTH,
  );
}

/**
 * The operation as it will run, for the person who decides. `notes` are sentences that belong before all else, such
 * as why they are asked again. `changes` describes what would change in a file.
 */
export async function describeCommand(
  commandId: string,
  bound: BoundOperation,
  notes: readonly string[],
  changes: ChangeDescriber,
): Promise<CommandDetails> {
  const { operation, program } = bound;
  const { text, leftOut } = describeOperation(operation, MAX_TEXT_LENGTH);
  const warnings = [...notes];
  if (leftOut > 0) warnings.push(`${leftOut} more characters are not shown here.`);
  if (holdsHidden(operation)) {
    warnings.push(
      'It holds characters that are not shown by themselves; they are spelled out as ⟦U+…⟧ or \\u….',
    );
  }
  if (program?.isUncertain) {
    warnings.push(
      'Not all that it runs can be told beforehand; a change of a script in it may go unnoticed.',
    );
  }
  const change =
    operation.operation === 'write_file' ? await describeWrite(operation, bound, warnings, changes) : null;
  return {
    command_id: commandId,
    operation: operation.operation,
    title: OPERATION_TITLES[operation.operation],
    text: leftOut > 0 ? `${text}…` : text,
    facts: [
      ...(program ? factsOfProgram(operation, program, warnings) : []),
      ...(change?.facts ?? []),
      ...factsOfReading(operation),
      ...(operation.operation === 'end_process' ? factsOfProcess(bound.meant, warnings) : []),
    ].slice(0, MAX_FACTS),
    diff: change?.diff ?? null,
    warnings,
    hash: bound.hash,
  };
}

function holdsHidden(operation: Operation): boolean {
  switch (operation.operation) {
    case 'run':
      return operation.argv.some(hasHiddenInLines);
    case 'shell':
      return hasHiddenInLines(operation.script);
    case 'read_file':
    case 'write_file':
    case 'list_directory':
    case 'stat':
      return hasHidden(operation.path);
    default:
      return false;
  }
}

function factsOfProgram(operation: Operation, program: BoundProgram, warnings: string[]): Fact[] {
  const { spec, addedEnv, file, realCwd, scripts } = program;
  if (realCwd === null) warnings.push('The folder that it would run in is not there.');
  if (file === null) warnings.push('The program is not there, or cannot be run.');
  const folder = realCwd === null || realCwd === spec.cwd ? spec.cwd : `${spec.cwd} → ${realCwd}`;
  const added = Object.entries(addedEnv);
  const variables = added.slice(0, MAX_FACTS / 2).map(([name, value]) => ({
    label: 'Variable',
    // Quoted it is longer still, and cut off below.
    value: `${name}=${quoteArguments([value.slice(0, MAX_FACT_LENGTH + 1)])}`,
  }));
  if (added.length > variables.length)
    warnings.push(`It sets ${added.length} variables; not all are shown here.`);
  const timeout = 'timeout_seconds' in operation ? operation.timeout_seconds : undefined;
  // What is for the processor tells nobody anything by its digest.
  const shown = scripts.filter((script) => script.path !== file && !script.isMachineCode);
  const rest = MAX_FACTS - variables.length - OTHER_FACTS;
  if (shown.length > rest) warnings.push(`It names ${shown.length} scripts; not all are shown here.`);
  const facts = [
    { label: 'Folder', value: revealHidden(folder) },
    ...(file !== null && file !== spec.argv[0] ? [{ label: 'Program', value: revealHidden(file) }] : []),
    ...variables,
    ...shown
      .slice(0, rest)
      .map(({ path, digest }) => ({ label: 'Script', value: `${revealHidden(path)} (SHA-256 ${digest})` })),
    ...(timeout === undefined ? [] : [{ label: 'Time limit', value: `${timeout} s` }]),
  ];
  if (facts.some(({ value }) => value.length > MAX_FACT_LENGTH))
    warnings.push('A path or variable is so long that not all of it is shown here.');
  return facts.map(({ label, value }) => ({ label, value: cutOff(value, MAX_FACT_LENGTH) }));
}

async function describeWrite(
  operation: OperationOf<'write_file'>,
  { target, obstacle }: BoundOperation,
  warnings: string[],
  changes: ChangeDescriber,
): Promise<{ facts: Fact[]; diff: CommandDetails['diff'] }> {
  const bytes = bytesToWrite(operation);
  const facts: Fact[] = [];
  if (!target) {
    warnings.push(
      `It cannot be written as it seems now: ${obstacle instanceof Error ? obstacle.message : 'unknown'}`,
    );
  } else {
    if (target.path !== operation.path) facts.push({ label: 'Really', value: revealHidden(target.path) });
    facts.push({ label: 'Now', value: target.exists ? `${target.sizeBytes} bytes` : 'no such file' });
  }
  facts.push({ label: 'Then', value: `${bytes.length} bytes` });
  if (operation.in_place) facts.push({ label: 'How', value: 'into the file as it is, not in one step' });
  const before = target?.exists ? target.content : NOTHING;
  const change = await changes({ before, after: bytes });
  warnings.push(...change.warnings);
  return { facts, diff: change.diff && limit(change.diff, MAX_DETAIL_LENGTH / 2) };
}

const NOTHING = new Uint8Array(0);

function limit(
  diff: NonNullable<CommandDetails['diff']>,
  maxLength: number,
): NonNullable<CommandDetails['diff']> {
  let length = 0;
  const end = diff.findIndex(({ text }) => {
    length += text.length;
    return length > maxLength;
  });
  if (end === -1) return diff;
  return [
    ...diff.slice(0, end),
    { change: 'skipped', text: `${diff.length - end} more lines are not shown` },
  ];
}

function factsOfProcess(meant: ProcessEntry | null, warnings: string[]): Fact[] {
  if (!meant) {
    warnings.push('There is no such process now.');
    return [];
  }
  const { command, user, started_at: startedAt } = meant;
  return [
    { label: 'Program', value: cutOff(revealHidden(command), MAX_FACT_LENGTH) },
    { label: 'User', value: revealHidden(user) },
    { label: 'Since', value: startedAt ?? '' },
  ];
}

function factsOfReading(operation: Operation): Fact[] {
  if (operation.operation === 'read_file') {
    return [{ label: 'Part', value: `up to ${operation.length} bytes from byte ${operation.offset}` }];
  }
  return operation.operation === 'screenshot'
    ? [{ label: 'Width', value: `up to ${operation.width} pixels` }]
    : [];
}

function cutOff(text: string, maxLength: number): string {
  return text.length <= maxLength ? text : `${text.slice(0, maxLength - 1)}…`;
}
