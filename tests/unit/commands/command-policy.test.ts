import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type ExecuteBody, type OperationName, operationNameSchema } from '../../../src-shared/commands.ts';
import { type SafetyMode, safetyModeSchema } from '../../../src-shared/sessions.ts';
import { type CommandRig, createCommandRig } from '../../fakes/command-rig.ts';
import { RIG_APPROVAL_TIMEOUT_MS } from '../../fakes/session-rig.ts';

/** Where a path leads that an operation names; `none` for those that name none. */
const PATH_KINDS = ['readable', 'hidden', 'outside', 'special', 'missing'] as const;
type PlaceKind = (typeof PATH_KINDS)[number] | 'none';

/** What becomes of the request, if there is one. */
const DECISIONS = [
  'allow once',
  'allow for session',
  'deny',
  'deny and end',
  'no answer',
  'session ends',
] as const;
type DecisionKind = (typeof DECISIONS)[number];

const WITH_PATH: ReadonlySet<OperationName> = new Set(['read_file', 'write_file', 'list_directory', 'stat']);

interface Case {
  readonly mode: SafetyMode;
  readonly operation: OperationName;
  readonly place: PlaceKind;
  readonly decision: DecisionKind;
}

const CASES: readonly Case[] = safetyModeSchema.options.flatMap((mode) =>
  operationNameSchema.options.flatMap((operation) =>
    (WITH_PATH.has(operation) ? PATH_KINDS : (['none'] as const)).flatMap((place) =>
      DECISIONS.map((decision) => ({ mode, operation, place, decision })),
    ),
  ),
);

/** The rules of the design, written down a second time: what each case comes to. */
function expectedOutcome({ mode, operation, place, decision }: Case): string {
  const changes = ['run', 'shell', 'write_file', 'end_process'].includes(operation);
  if (mode === 'read_only' && changes) return 'refused: read_only_session';
  if (mode === 'supervised') {
    if (decision === 'deny' || decision === 'deny and end') return 'denied';
    if (decision === 'no answer') return 'expired';
    if (decision === 'session ends') return 'cancelled';
  }
  if (operation === 'end_process') return 'failed: process_not_found';
  if (!WITH_PATH.has(operation)) return 'completed';
  if (operation === 'write_file') return place === 'special' ? 'failed: not_a_file' : 'completed';
  if (mode === 'read_only' && (place === 'hidden' || place === 'outside')) return 'failed: path_not_allowed';
  if (place === 'special') return 'failed: not_a_file_or_folder';
  return place === 'missing' ? 'failed: path_not_found' : 'completed';
}

let rig: CommandRig;

beforeAll(() => {
  rig = createCommandRig({
    camera: { take: async () => ({ jpeg: Buffer.from('jpeg'), widthPx: 1, heightPx: 1, capturedAtMs: 0 }) },
  });
  mkdirSync(path.join(rig.root, 'hidden'));
  execFileSync('mkfifo', [path.join(rig.root, 'special')]);
});

beforeEach(() => {
  rmSync(path.join(rig.root, 'missing'), { force: true });
  for (const folder of [rig.root, path.join(rig.root, 'hidden'), rig.outside]) {
    mkdirSync(path.join(folder, 'folder'), { recursive: true });
    writeFileSync(path.join(folder, 'file'), 'old');
  }
});

afterAll(() => rig.close());

function pathOf(place: PlaceKind, wanted: 'file' | 'folder'): string {
  switch (place) {
    case 'hidden':
      return path.join(rig.root, 'hidden', wanted);
    case 'outside':
      return path.join(rig.outside, wanted);
    case 'special':
    case 'missing':
      return path.join(rig.root, place);
    default:
      return path.join(rig.root, wanted);
  }
}

function bodyOf({ operation, place }: Case): ExecuteBody {
  switch (operation) {
    case 'run':
      return { operation, argv: ['true'] };
    case 'shell':
      return { operation, script: 'true' };
    case 'write_file':
      return { operation, path: pathOf(place, 'file'), content: 'new', encoding: 'utf8' };
    case 'read_file':
      return { operation, path: pathOf(place, 'file'), offset: 0, length: 100 };
    case 'list_directory':
      return { operation, path: pathOf(place, 'folder') };
    case 'stat':
      return { operation, path: pathOf(place, 'folder') };
    case 'screenshot':
      return { operation, width: 640 };
    case 'end_process':
      // One that is not there: this has no process to lose.
      return { operation, pid: 2 ** 31, started_at: '2020-01-01T00:00:00Z', signal: 'SIGKILL' };
    case 'system_info':
    case 'list_processes':
      return { operation };
  }
}

function decide(decision: DecisionKind, sessionId: string, commandId: string): void {
  const { service, sessions } = rig;
  switch (decision) {
    case 'allow once':
      service.decide(commandId, 'allowed', 'prompt');
      return;
    case 'allow for session':
      service.decide(commandId, 'allowed', 'prompt', undefined, { scope: 'session' });
      return;
    case 'deny':
      service.decide(commandId, 'denied', 'prompt');
      return;
    case 'deny and end':
      service.decide(commandId, 'denied', 'prompt', undefined, { endSession: true });
      return;
    case 'no answer':
      sessions.clock.advance(RIG_APPROVAL_TIMEOUT_MS);
      return;
    case 'session ends':
      sessions.registry.stopRemote(sessionId, 'done');
      service.endSession(sessionId, 'The session ended: done');
  }
}

/** What a case comes to, and whether anybody was asked about it. */
async function play(
  testCase: Case,
): Promise<{ outcome: string; asked: boolean; programs: number; isLive: boolean }> {
  const { service, sessions, runner } = rig;
  const sessionId = rig.startSession(testCase.mode);
  const programsBefore = runner.programs.length;
  const isLive = () => sessions.registry.listLive().some(({ session_id: id }) => id === sessionId);
  let asked = false;
  let outcome: string;
  try {
    const { command_id: commandId } = await service.execute(sessionId, bodyOf(testCase), 'this machine');
    asked = sessions.approvals.list().some(({ details }) => details?.command_id === commandId);
    if (asked) decide(testCase.decision, sessionId, commandId);
    const { status, error } = await rig.ended(commandId);
    outcome = status === 'failed' ? `failed: ${error?.code}` : status;
  } catch (error) {
    outcome = `refused: ${error instanceof Error && 'code' in error ? error.code : error}`;
  }
  const played = { outcome, asked, programs: runner.programs.length - programsBefore, isLive: isLive() };
  if (isLive()) sessions.registry.stopRemote(sessionId, 'done');
  service.endSession(sessionId, 'done');
  return played;
}

describe('policy of commands', () => {
  it('is tried for every mode, operation, kind of path and decision', () => {
    // 3 modes x (4 operations with a path x 5 kinds + 6 without) x 6 decisions.
    expect(CASES).toHaveLength(468);
  });

  it.each(CASES)('$mode: $operation, path $place, $decision', async (testCase) => {
    const { mode, operation, decision } = testCase;
    const expected = expectedOutcome(testCase);
    const played = await play(testCase);
    expect(played.outcome).toBe(expected);
    expect(played.asked).toBe(mode === 'supervised');
    const mayRun = expected === 'completed' && (operation === 'run' || operation === 'shell');
    expect(played.programs).toBe(mayRun ? 1 : 0);
    const ended = mode === 'supervised' && (decision === 'deny and end' || decision === 'session ends');
    expect(played.isLive).toBe(!ended);
    expect(rig.log.errors).toEqual([]);
  });

  it.each(CASES.filter(({ operation, place }) => operation === 'write_file' && place !== 'special'))(
    '$mode: $operation, path $place, $decision, leaves the file as it is unless it was allowed',
    async (testCase) => {
      const file = pathOf(testCase.place, 'file');
      await play(testCase);
      const isWritten = expectedOutcome(testCase) === 'completed';
      const content = existsSync(file) ? execFileSync('cat', [file]).toString() : null;
      const before = testCase.place === 'missing' ? null : 'old';
      expect(content).toBe(isWritten ? 'new' : before);
    },
  );
});
