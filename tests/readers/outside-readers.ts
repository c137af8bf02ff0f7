import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import path from 'node:path';
import { setImmediate as yieldToOthers } from 'node:timers/promises';
import { HostRules } from '../../src-main/access/host-rules.ts';
import { findInTable } from '../../src-main/access/peer-owners.ts';
import { findRoute } from '../../src-main/access/routes.ts';
import { digestSecret } from '../../src-main/access/secret.ts';
import { judgeSite } from '../../src-main/access/site-rules.ts';
import { networkSource } from '../../src-main/access/source-address.ts';
import { loadTlsIdentity } from '../../src-main/access/tls-identity.ts';
import { readDuration } from '../../src-main/cli/read-duration.ts';
import { systemClock } from '../../src-main/clock.ts';
import { type BoundOperation, bindOperation } from '../../src-main/commands/bound-operation.ts';
import { ChangeThread } from '../../src-main/commands/change-thread.ts';
import { DenyRules } from '../../src-main/commands/deny-rules.ts';
import { describeCommand, summarize } from '../../src-main/commands/describe-command.ts';
import { FileAccess } from '../../src-main/commands/file-access.ts';
import { describeFileChange } from '../../src-main/commands/file-change.ts';
import { findProgram } from '../../src-main/commands/find-program.ts';
import { compileGlob } from '../../src-main/commands/glob.ts';
import { KeptOutput } from '../../src-main/commands/kept-output.ts';
import { parseProcessStatus, parseProcFiles, parseTaskList } from '../../src-main/commands/machine-report.ts';
import { OutputFeed } from '../../src-main/commands/output-feed.ts';
import { readProcessList } from '../../src-main/commands/posix-containment.ts';
import { ReadScope } from '../../src-main/commands/read-scope.ts';
import { ASKED_LIMITS } from '../../src-main/commands/tied-files.ts';
import { readSocketPaths } from '../../src-main/desktop/dbus/dbus-address.ts';
import { decodeMessage, MessageSplitter } from '../../src-main/desktop/dbus/dbus-message.ts';
import {
  isOwnEntry,
  isSwitchedOff,
  writeAutostartEntry,
} from '../../src-main/desktop/login/autostart-entry.ts';
import { buildTrayMenu } from '../../src-main/desktop/tray-menu.ts';
import { describeEventNotice, describeRequestNotice } from '../../src-main/events/notification-wording.ts';
import { invalidRequest } from '../../src-main/http/error-answer.ts';
import { parseJsonBody } from '../../src-main/http/json-body.ts';
import { readTarget } from '../../src-main/http/request-target.ts';
import { FilmFile } from '../../src-main/recordings/film-file.ts';
import { fileHead } from '../../src-main/recordings/webm-layout.ts';
import { WebmReader } from '../../src-main/recordings/webm-reader.ts';
import { scrubSecrets } from '../../src-main/scrub-secrets.ts';
import { isRuntimeSwitch } from '../../src-main/settings/chromium-switches.ts';
import { readStartOptions } from '../../src-main/settings/command-line.ts';
import { readSettingsFile } from '../../src-main/settings/settings-file.ts';
import { editSettingsText } from '../../src-main/settings/settings-text.ts';
import { readOperation, readWithoutLines } from '../../src-main/shell/operation-reading.ts';
import { loadShellGrammars, type ShellGrammars } from '../../src-main/shell/shell-grammars.ts';
import { MAX_WORDS, type ShellReading } from '../../src-main/shell/shell-reading.ts';
import { ShellThread } from '../../src-main/shell/shell-thread.ts';
import { framingFor } from '../../src-main/stream/part-framing.ts';
import { SendQueues } from '../../src-main/stream/send-queues.ts';
import { renderSlate } from '../../src-main/stream/slate.ts';
import { SourceCatalogue } from '../../src-main/stream/source-catalogue.ts';
import { digestLog } from '../../src-main/upkeep/log-digest.ts';
import { readOffer } from '../../src-main/upkeep/update-feed.ts';
import { writeEventBody } from '../../src-main/webhooks/webhook-message.ts';
import { MultipartParser } from '../../src-renderer/view/multipart-parser.ts';
import { takeShareAddress } from '../../src-renderer/view/share-address.ts';
import { ACCELERATOR } from '../../src-shared/accelerator.ts';
import { API } from '../../src-shared/api.ts';
import type { Approval } from '../../src-shared/approvals.ts';
import { executeBodySchema, type Operation, type OperationOf } from '../../src-shared/commands.ts';
import { type AgentEvent, serverMessageSchema } from '../../src-shared/events.ts';
import { metadataSchema } from '../../src-shared/metadata.ts';
import { describeOperation } from '../../src-shared/operation-words.ts';
import { settingsChangeSchema } from '../../src-shared/settings-api.ts';
import { callerTextSchema } from '../../src-shared/text.ts';
import { revealHidden, revealHiddenInLines } from '../../src-shared/visible-text.ts';
import { webhookUrlSchema } from '../../src-shared/webhooks.ts';
import { SilentLogger } from '../fakes/silent-logger.ts';
import { between, nested, repeat, scattered } from './baits.ts';
import { byteReader, type OutsideReader, shapedReader, textReader } from './outside-reader.ts';

const KIBIBYTE = 1024;
const MEBIBYTE = 1024 * KIBIBYTE;

/** A request's head: node reads no more of one. */
const HEAD = { mostBytes: 16 * KIBIBYTE, heldBy: 'node: 16 KiB of a head' };
/** A request's body, where its endpoint says nothing else. */
const BODY = { mostBytes: 64 * KIBIBYTE, heldBy: 'readBody: 64 KiB' };
/** The body of a request for a command. */
const COMMAND = { mostBytes: 2 * MEBIBYTE, heldBy: 'readBody: 2 MiB' };
/** One argument, path or variable of a command. */
const ARGUMENT = { mostBytes: 128 * KIBIBYTE, heldBy: 'executeBodySchema: 128 KiB' };
/** What programs of this machine write into tables and lists of the system's, or give them as names. */
const SYSTEM = { mostBytes: MEBIBYTE, heldBy: 'the system' };

const BASE64_LIKE = scattered('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/');

/** A folder of this process for files that readers are given. */
const folder = mkdtempSync(path.join(tmpdir(), 'porthole-readers-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));

function fileWith(name: string, content: string | Buffer): string {
  const file = path.join(folder, name);
  writeFileSync(file, content);
  return file;
}

/** In pieces of so many bytes, as a slow link brings them. */
function* inPieces(bytes: Buffer, size: number): Iterable<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

/** In pieces as large as a socket or pipe brings them, each in a turn of its own. */
async function inTurns(bytes: Buffer, read: (piece: Buffer) => unknown): Promise<void> {
  for (const piece of inPieces(bytes, 64 * KIBIBYTE)) {
    read(piece);
    await yieldToOthers();
  }
}

/** A body of JSON about as much of a text as goes into one of at most so many bytes: signs may be escaped in it. */
function bodyFor(mostBytes: number, text: string, about: (text: string) => unknown): Buffer {
  let part = text;
  for (;;) {
    const body = Buffer.from(JSON.stringify(about(part)));
    if (body.length <= mostBytes) return body;
    part = part.slice(0, Math.floor((part.length * mostBytes) / body.length) - 1);
  }
}

/** As a request brings it: a body of JSON. */
function bodyOf(bytes: Buffer): unknown {
  return parseJsonBody({
    body: bytes,
    headers: { 'content-type': 'application/json' },
    is: () => 'application/json',
  } as unknown as Parameters<typeof parseJsonBody>[0]);
}

/** A body as an endpoint takes it; the refusal is worded, as it is answered. */
function execute(body: unknown): unknown {
  const parsed = executeBodySchema.safeParse(body);
  if (!parsed.success) throw invalidRequest('body', parsed.error);
  return parsed.data;
}

const hosts = new HostRules({
  network: true,
  allowedHosts: ['share.example', 'other.example:8443'],
  hostName: 'desk',
  interfaceAddresses: () => ['192.0.2.7'],
});
const ENDPOINT = { port: 8000, encrypted: false };

const ENDS = { remoteAddress: '127.0.0.1', remotePort: 4711, localAddress: '127.0.0.1', localPort: 8000 };

const files = new FileAccess(new ReadScope({ roots: [folder], hidden: ['~/.secret'], home: homedir() }));
const scope = new ReadScope({
  roots: Array.from({ length: 20 }, (_, index) => `/srv/${index}`),
  hidden: ['/srv/0/hidden', '~/.ssh'],
  home: homedir(),
});

const TIMES = { requested_at: '2026-01-01T00:00:00.000Z', expires_at: '2026-01-01T00:01:00.000Z' };

function approvalOf(text: string): Approval {
  return {
    approval_id: 'approval_1',
    kind: 'command',
    session_id: 'remote_a1b2c3d4',
    user_id: text,
    summary: text,
    reason: text,
    origin: text,
    seconds_left: 10,
    ...TIMES,
  };
}

function eventOf(text: string): AgentEvent {
  return {
    seq: 1,
    event: 'remote_session_stopped',
    data: {
      session_id: 'remote_a1b2c3d4',
      user_id: text,
      message: text,
      reason: text,
      by: 'agent',
      badge: '🔒',
      timestamp: '2026-01-01T00:00:00.000Z',
    },
  };
}

function boundOf(operation: Operation): BoundOperation {
  return {
    operation,
    reading: null,
    program: null,
    target: null,
    meant: null,
    obstacle: null,
    hash: '',
    shownHash: '',
  };
}

/** Words as a caller may give them: parted by blanks in the bait, as many as are taken. */
function wordsOf(text: string): string[] {
  return text.split(/[ \n\0]/, 4096).map((word) => word.slice(0, 128 * KIBIBYTE));
}

/** Each of them has to be looked for everywhere. */
const rules = new DenyRules([
  'sudo',
  'git push --force*',
  '* --no-such-argument',
  '*a*a*a*a*a*b',
  '?*?*?*?* ??????*x',
  'a* *b* *c* *no-such-argument*',
  '*/* /*/*/*/*/*/no-such-file',
  '* * * * * no-such-argument',
]);

function readingOf(words: readonly string[]): ShellReading {
  const command = {
    words,
    assignments: [],
    redirections: [],
    folder: '',
    carriedBy: null,
    enters: [],
    startsAnywhere: true,
  };
  return { commands: [command], unread: null };
}

const grammars = new Map<string, Promise<ShellGrammars>>();

/** Both grammars, from the built files beside the thread's. */
function grammarsIn(threadFolder: string): Promise<ShellGrammars> {
  const file = (name: string): Uint8Array => readFileSync(path.join(threadFolder, name));
  const loaded =
    grammars.get(threadFolder) ??
    loadShellGrammars({
      runtime: file('tree-sitter.wasm'),
      bash: file('tree-sitter-bash.wasm'),
      shfmt: file('shfmt.wasm'),
    });
  grammars.set(threadFolder, loaded);
  return loaded;
}

let shell: ShellThread | null = null;

/** A request for a shell line, up to where a person is asked: its body, what it runs, the rules, and what is shown. */
function prepareLine(script: string, threadFolder: string): () => Promise<unknown> {
  shell ??= new ShellThread({
    clock: systemClock,
    log: new SilentLogger(),
    workerFile: path.join(threadFolder, 'shell-worker.cjs'),
  });
  const body = bodyFor(COMMAND.mostBytes, script, (text) => ({ operation: 'shell', script: text }));
  const context = { home: folder, baseEnv: { PATH: '/usr/bin:/bin' }, limits: ASKED_LIMITS };
  const reader = shell;
  return async () => {
    const operation = execute(bodyOf(body)) as OperationOf<'shell'>;
    const reading = await reader.read({ line: operation.script, language: 'posix' });
    await rules.findRefusal(operation, reading);
    const bound = await bindOperation(operation, reading, context);
    return describeCommand('command_1', bound, [], async (versions) => describeFileChange(versions));
  };
}

/** Everything that reads what the product does not write itself. Ordered as the rooms are. */
export const OUTSIDE_READERS: readonly OutsideReader[] = [
  // Shared
  textReader({ name: 'texts of callers', ...BODY, read: (text) => callerTextSchema.parse(text) }),
  textReader({
    name: 'metadata',
    ...BODY,
    baits: { 'keys of all kinds': (length) => JSON.stringify(keysOf(length)) },
    read: (text) => metadataSchema.safeParse(JSON.parse(text)),
  }),
  textReader({
    name: 'key combinations',
    ...BODY,
    baits: { 'modifiers without end': repeat('Ctrl+Shift+') },
    read: (text) => ACCELERATOR.test(text),
  }),
  textReader({
    name: 'addresses of webhooks',
    ...BODY,
    read: (text) => webhookUrlSchema.safeParse(`http://${text}`),
  }),
  textReader({ name: 'hidden characters', ...ARGUMENT, read: revealHidden }),
  textReader({ name: 'hidden characters in lines', ...ARGUMENT, read: revealHiddenInLines }),
  shapedReader({
    name: 'arguments, as they are shown',
    ...COMMAND,
    from: (text): Operation => ({ operation: 'run', argv: wordsOf(text) }),
    read: (operation) => describeOperation(operation, 16_000),
  }),
  shapedReader({
    name: 'changes of settings',
    ...BODY,
    from: (whole) =>
      bodyFor(BODY.mostBytes, whole, (text) => ({
        denyRules: wordsOf(text),
        allowedHosts: [text],
        stopShortcut: text,
      })),
    read: (bytes) => settingsChangeSchema.safeParse(bodyOf(bytes)),
  }),
  textReader({
    name: 'messages of the event socket',
    mostBytes: 128 * KIBIBYTE,
    heldBy: 'the agent, which writes them',
    from: (text) => JSON.stringify(eventOf(text)),
    read: (text) => serverMessageSchema.safeParse(JSON.parse(text)),
  }),

  // Who calls, and for what
  textReader({
    name: 'Host',
    ...HEAD,
    baits: { 'dots at the end': between('a', '.', '!') },
    read: (text) => hosts.isOwn(text, ENDPOINT),
  }),
  textReader({
    name: 'Host with an address',
    ...HEAD,
    read: (text) => hosts.isOwn(`[${text}]:8000`, ENDPOINT),
  }),
  textReader({
    name: 'Origin and Sec-Fetch-…',
    ...HEAD,
    read: (text) =>
      judgeSite(
        {
          method: 'GET',
          isUpgrade: false,
          isPage: true,
          headers: { origin: `http://${text}`, 'sec-fetch-site': text, 'sec-fetch-mode': text },
        } as Parameters<typeof judgeSite>[0],
        () => false,
      ),
  }),
  textReader({ name: 'addresses of callers', ...HEAD, read: networkSource }),
  textReader({
    name: 'targets',
    ...HEAD,
    read: (text) => readTarget({ url: `/${text}` }).searchParams.get('key'),
  }),
  textReader({ name: 'routes', ...HEAD, read: (text) => findRoute('GET', `/${text}`) }),
  textReader({
    name: 'queries',
    ...HEAD,
    read: (text) =>
      API.history.query.safeParse({ limit: text, offset: text, since: text, user_id: text, type: text }),
  }),
  textReader({ name: 'tokens, keys and cookies', ...HEAD, read: digestSecret }),
  textReader({
    name: 'User-Agent and Accept',
    ...HEAD,
    read: (text) => framingFor({ 'user-agent': text, accept: text }),
  }),
  byteReader({
    name: 'JSON bodies',
    ...COMMAND,
    baits: { 'distinct keys': (length) => JSON.stringify(keysOf(length)) },
    read: bodyOf,
  }),
  textReader({
    name: "the kernel's list of connections: whose they are",
    ...SYSTEM,
    baits: { 'rows that are nearly right': repeat(': 0100007F:1267 0100007F:1F41 \n') },
    read: (text) => findInTable(text, ENDS),
  }),
  textReader({
    name: "the kernel's list of connections: what is held back",
    ...SYSTEM,
    baits: { rows: repeat('   1: 0100007F:1F40 0100007F:1267 01 00000000:00000000 00\n') },
    read: (text) =>
      new SendQueues(systemClock, () => text).watch({
        localAddress: '127.0.0.1',
        localPort: 8000,
        remoteAddress: '127.0.0.1',
        remotePort: 4711,
      })(0),
  }),
  byteReader({
    name: "the person's own certificate and key",
    mostBytes: MEBIBYTE,
    heldBy: 'loadTlsIdentity',
    baits: {
      'certificates without end': repeat('-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'),
      'one certificate without end': between('-----BEGIN CERTIFICATE-----\n', 'AAAA\n', ''),
    },
    read: (bytes) => {
      const file = fileWith('identity.pem', bytes);
      return loadTlsIdentity({ tls: true, tlsCert: file, tlsKey: file }, folder, 0);
    },
  }),

  // Commands
  shapedReader({
    name: 'shell lines, as they are taken',
    ...COMMAND,
    from: (text) => bodyFor(COMMAND.mostBytes, text, (script) => ({ operation: 'shell', script })),
    read: (bytes) => execute(bodyOf(bytes)),
  }),
  shapedReader({
    name: 'arguments, as they are taken',
    ...COMMAND,
    from: (whole) =>
      bodyFor(COMMAND.mostBytes, whole, (text) => ({
        operation: 'run',
        // More than a body may hold of all values.
        argv: text.split(/[ ,\n]/, 25_000),
        env: { A: text },
      })),
    read: (bytes) => execute(bodyOf(bytes)),
  }),
  shapedReader({
    name: 'files to write, as they are taken',
    ...COMMAND,
    baits: { base64: BASE64_LIKE },
    from: (text) =>
      bodyFor(COMMAND.mostBytes, text, (content) => ({
        operation: 'write_file',
        path: '/a',
        content,
        encoding: 'base64',
      })),
    read: (bytes) => execute(bodyOf(bytes)),
  }),
  shapedReader({
    name: 'paths, as they are taken',
    ...COMMAND,
    from: (text) => bodyFor(COMMAND.mostBytes, text, (name) => ({ operation: 'stat', path: `/${name}` })),
    read: (bytes) => execute(bodyOf(bytes)),
  }),
  textReader({
    name: 'shell lines, for what they run',
    ...ARGUMENT,
    baits: shellBaits(),
    read: async (line, threadFolder) =>
      readOperation({ line, language: 'posix' }, await grammarsIn(threadFolder)),
    prepareAsked: prepareLine,
  }),
  shapedReader({
    name: 'shell lines, against deny rules',
    ...ARGUMENT,
    baits: shellBaits(),
    from: (text): ShellReading => readingOf(text.split(/[ \n]/, MAX_WORDS)),
    read: (reading) => rules.findRefusal({ operation: 'shell', script: 'a' }, reading),
  }),
  shapedReader({
    name: 'programs that others carry in their arguments',
    ...COMMAND,
    from: (text) => wordsOf(text),
    baits: { 'carriers without end': repeat('env sudo ') },
    read: (argv) => readWithoutLines(argv),
  }),
  textReader({
    name: 'globs',
    mostBytes: 1024,
    heldBy: 'the settings: 1000 characters',
    read: (glob) => compileGlob(glob)(glob.repeat(100)),
  }),
  textReader({
    name: 'what a person is asked: a summary',
    ...ARGUMENT,
    read: (script) => summarize({ operation: 'shell', script }),
  }),
  textReader({
    name: 'what a person is asked: the details',
    ...ARGUMENT,
    read: (script) =>
      describeCommand('command_1', boundOf({ operation: 'shell', script }), [], async (versions) =>
        describeFileChange(versions),
      ),
  }),
  byteReader({
    name: 'what would change in a file',
    mostBytes: MEBIBYTE,
    heldBy: 'executeBodySchema: 1 MiB; a thread with a deadline',
    baits: {
      'lines of two kinds': scattered('a\n'),
      'lines of many kinds': scattered('abcdefgh\n'),
      'no line like another': (length) =>
        Array.from({ length: length / 6 }, (_, at) => at.toString(36))
          .join('\n')
          .slice(0, length),
    },
    read: (after) => describeFileChange({ before: after.subarray().reverse(), after }),
    prepareAsked: (text, threadFolder) => {
      const thread = new ChangeThread(systemClock, path.join(threadFolder, 'change-worker.cjs'));
      const after = Buffer.from(text, 'latin1');
      const before = Buffer.from(after).reverse();
      return () => thread.describe({ before, after }).finally(() => thread.close());
    },
  }),
  textReader({
    name: 'paths against what may be read',
    mostBytes: 4 * KIBIBYTE,
    heldBy: 'the system: 4 KiB',
    read: (text) => scope.classify(`/srv/1/${text}`),
  }),
  textReader({
    name: 'paths that do not exist',
    ...ARGUMENT,
    read: (text) => files.stat({ operation: 'stat', path: `${folder}/${text}` }, 'read_only'),
  }),
  textReader({
    name: 'programs along a path',
    ...ARGUMENT,
    read: (text) => findProgram('no-such-program', '/', { PATH: text }),
  }),
  textReader({
    name: 'programs of a long name',
    ...ARGUMENT,
    read: (text) => findProgram(text, '/', { PATH: ':'.repeat(text.length) }),
  }),
  byteReader({
    name: 'what a command writes',
    mostBytes: MEBIBYTE,
    heldBy: 'KeptOutput, which keeps so much',
    read: async (bytes) => {
      const kept = new KeptOutput(MEBIBYTE);
      await inTurns(bytes, (piece) => kept.append(piece));
      return kept.toText();
    },
  }),
  byteReader({
    name: 'what a command writes, a few bytes at a time',
    mostBytes: 128 * KIBIBYTE,
    heldBy: 'KeptOutput, which keeps so much',
    isOfManyTurns: true,
    read: (bytes) => {
      const kept = new KeptOutput(MEBIBYTE / 2);
      for (const piece of inPieces(bytes, 7)) kept.append(piece);
      return kept.toText();
    },
  }),
  byteReader({
    name: 'what a command writes, as it is told',
    isOfManyTurns: true,
    mostBytes: 128 * KIBIBYTE,
    heldBy: 'OutputFeed: 16 KiB at a time',
    read: (bytes) => {
      const feed = new OutputFeed('stdout', systemClock, () => undefined);
      for (const piece of inPieces(bytes, 7)) feed.append(piece);
      feed.flush();
    },
  }),
  textReader({
    name: 'processes, by their own names',
    mostBytes: 64 * KIBIBYTE,
    heldBy: 'reportProcesses',
    read: (text) =>
      parseProcFiles({ stat: `1 (${text}) S 1 1`, status: `Name:\t${text}\nUid:\t0\n`, cmdline: text }, 0),
  }),
  textReader({
    name: 'processes, as ps lists them',
    mostBytes: 256 * KIBIBYTE,
    heldBy: 'the system: the processes that it has',
    baits: { rows: repeat('1 0 root 12 a b\n') },
    read: parseProcessStatus,
  }),
  textReader({
    name: 'processes, as ps lists them with their marks',
    mostBytes: 256 * KIBIBYTE,
    heldBy: 'the system: the processes that it has',
    baits: { rows: repeat('1 0 1 S a b PORTHOLE_MARK=a\n') },
    read: readProcessList,
  }),
  textReader({
    name: 'processes, as tasklist lists them',
    mostBytes: 256 * KIBIBYTE,
    heldBy: 'the system: the processes that it has',
    baits: { rows: repeat('"a","1","b","2","3 K"\r\n') },
    read: parseTaskList,
  }),

  // What the desktop and other programs say
  byteReader({
    name: 'messages of a bus',
    mostBytes: MEBIBYTE,
    heldBy: 'MessageSplitter: 128 KiB of a message',
    baits: busBaits(),
    read: (bytes) => {
      const splitter = new MessageSplitter(128 * KIBIBYTE);
      return inTurns(bytes, (piece) => {
        for (const message of splitter.push(piece)) attempt(() => decodeMessage(message));
      });
    },
  }),
  byteReader({
    name: 'messages of a bus, byte by byte',
    mostBytes: 128 * KIBIBYTE,
    heldBy: 'MessageSplitter: 128 KiB of a message',
    isOfManyTurns: true,
    baits: busBaits(),
    read: (bytes) => {
      const splitter = new MessageSplitter(128 * KIBIBYTE);
      for (const piece of inPieces(bytes, 1)) {
        for (const message of splitter.push(piece)) attempt(() => decodeMessage(message));
      }
    },
  }),
  textReader({
    name: 'addresses of a bus',
    mostBytes: 128 * KIBIBYTE,
    heldBy: 'the system: 128 KiB of a variable',
    read: (text) => readSocketPaths(`unix:${text}`, '/run'),
  }),
  textReader({
    name: 'an autostart entry',
    mostBytes: 64 * KIBIBYTE,
    heldBy: 'xdgAutostart: 64 KiB',
    baits: { 'nearly switched off': repeat('Hidden=true x\n') },
    read: (text) => [isOwnEntry(text), isSwitchedOff(text)],
  }),
  textReader({
    name: 'an autostart entry that is written',
    mostBytes: 4 * KIBIBYTE,
    heldBy: 'the system: 4 KiB of a path',
    read: (text) => writeAutostartEntry([text, text]),
  }),
  textReader({
    name: 'notices',
    ...BODY,
    read: (text) => [describeEventNotice(eventOf(text)), describeRequestNotice(approvalOf(text), text)],
  }),
  textReader({
    name: 'the menu of the tray icon',
    ...BODY,
    read: (text) =>
      buildTrayMenu({
        sessions: [],
        approvals: [approvalOf(text)],
        viewers: [{ viewerId: 'viewer_1', sessionId: 'screen_a1b2c3d4', name: text }],
        locked: false,
        own: { remote_access: null, screen_share: null },
        shortcut: null,
      }),
  }),
  textReader({
    name: 'titles of windows',
    mostBytes: 4 * KIBIBYTE,
    heldBy: 'SourceCatalogue: 800 characters',
    read: (name) =>
      new SourceCatalogue(
        {
          assertAvailable: () => undefined,
          list: async () => ({
            sources: Array.from({ length: 200 }, (_, index) => ({
              id: `window:${index}:0`,
              name,
              kind: 'window' as const,
              is_primary: false,
            })),
            thumbnail: () => null,
          }),
        } as unknown as ConstructorParameters<typeof SourceCatalogue>[0],
        systemClock,
      ).list(),
  }),
  textReader({
    name: 'words on a slate',
    mostBytes: 4 * KIBIBYTE,
    heldBy: 'the agent, which writes them',
    read: (text) => renderSlate(text, { widthPx: 320, heightPx: 180 }),
  }),

  // Recordings
  byteReader({
    name: 'a film as it is recorded',
    mostBytes: MEBIBYTE,
    heldBy: 'WebmReader: 64 MiB of an element',
    baits: filmBaits(),
    read: (bytes) => {
      const reader = new WebmReader();
      return inTurns(bytes, (piece) => reader.push(piece));
    },
  }),
  byteReader({
    name: 'a film as it is recorded, byte by byte',
    isOfManyTurns: true,
    mostBytes: 128 * KIBIBYTE,
    heldBy: 'WebmReader: 64 MiB of an element',
    baits: filmBaits(),
    read: (bytes) => {
      const reader = new WebmReader();
      for (const piece of inPieces(bytes, 1)) reader.push(piece);
    },
  }),

  shapedReader({
    name: 'a film that was never finished',
    mostBytes: MEBIBYTE,
    heldBy: 'the disk; little more than heads is read',
    baits: filmBaits(),
    from: (text) => Buffer.concat([fileHead(Buffer.alloc(0)), Buffer.from(text, 'latin1')]),
    read: async (bytes) => (await FilmFile.reopen(fileWith('film.webm', bytes))).finish(),
  }),

  // Files of the agent's own, which anybody may have edited
  textReader({
    name: 'the settings file',
    mostBytes: 256 * KIBIBYTE,
    heldBy: 'readSettingsFile: 256 KiB',
    baits: settingsBaits(),
    read: (text) => readSettingsFile(fileWith('settings.json', text)),
  }),
  textReader({
    name: 'the settings file, as it is saved',
    mostBytes: 256 * KIBIBYTE,
    heldBy: 'saveSettings: 256 KiB',
    baits: settingsBaits(),
    read: (text) => editSettingsText(text, { port: 8001, denyRules: ['sudo'], tls: true }),
  }),
  textReader({
    name: 'flags and variables',
    mostBytes: 128 * KIBIBYTE,
    heldBy: 'the system: 128 KiB of an argument',
    read: (text) => readStartOptions(['--allowed-hosts', text, `--${text}`], '1.0.0'),
  }),
  textReader({
    name: "switches of Chromium's",
    mostBytes: 128 * KIBIBYTE,
    heldBy: 'the system: 128 KiB of an argument',
    read: (text) => isRuntimeSwitch(`--${text}`),
  }),
  textReader({
    name: 'times on the command line',
    mostBytes: 128 * KIBIBYTE,
    heldBy: 'the system: 128 KiB of an argument',
    read: readDuration,
  }),
  textReader({
    name: 'the log, for diagnostics',
    mostBytes: 2 * MEBIBYTE,
    heldBy: 'collectDiagnostics: 2 MiB',
    baits: logBaits(),
    read: (text) => digestLog(text, 5000, '/home/grace'),
  }),
  textReader({
    name: 'lines of the log, as they are written',
    mostBytes: MEBIBYTE,
    heldBy: 'what is logged, which has a fraction of what is read',
    baits: logBaits(),
    read: scrubSecrets,
  }),

  // Other machines
  textReader({
    name: "an update server's announcement",
    mostBytes: 64 * KIBIBYTE,
    heldBy: 'readOffer: 64 KiB',
    baits: feedBaits(),
    read: (text) =>
      readOffer({
        address: 'https://updates.example/',
        channelFile: 'latest.yml',
        extension: '.AppImage',
        currentVersion: '1.0.0',
        nowMs: 0,
        fetch: async () => new Response(text),
        signal: new AbortController().signal,
      }),
  }),
  textReader({
    name: 'events for webhooks',
    mostBytes: 32 * KIBIBYTE,
    heldBy: 'callerTextSchema: 200 characters; the system: 4 KiB of a path, which is spelled out',
    read: (text) =>
      writeEventBody(
        eventOf(text),
        { webhookId: 'webhook_1' } as Parameters<typeof writeEventBody>[1],
        'msg_1',
      ),
  }),

  // Pages that show what others send
  byteReader({
    name: 'a stream, as the viewer page reads it',
    mostBytes: MEBIBYTE,
    heldBy: 'MultipartParser: 4 KiB of a head, 64 MiB of a part',
    baits: streamBaits(),
    read: (bytes) => {
      const parser = new MultipartParser('porthole');
      return inTurns(bytes, (piece) => parser.push(piece));
    },
  }),
  byteReader({
    name: 'a stream, as the viewer page reads it, byte by byte',
    isOfManyTurns: true,
    mostBytes: 128 * KIBIBYTE,
    heldBy: 'MultipartParser: 4 KiB of a head, 64 MiB of a part',
    baits: streamBaits(),
    read: (bytes) => {
      const parser = new MultipartParser('porthole');
      for (const piece of inPieces(bytes, 1)) parser.push(piece);
    },
  }),
  textReader({
    name: "the viewer page's own address",
    ...HEAD,
    read: (text) =>
      takeShareAddress({
        href: `http://localhost/view/${text}`,
        replace: () => undefined,
        openStorage: () => ({ getItem: () => null, setItem: () => undefined, removeItem: () => undefined }),
      }),
  }),
];

function attempt(work: () => unknown): void {
  try {
    work();
  } catch {
    // One that is refused is no reason to stop.
  }
}

/** An object of as many keys as make up a text of this length. */
function keysOf(length: number): Record<string, number> {
  const keys: Record<string, number> = {};
  for (let index = 0; index < length / 10; index += 1) keys[`k${index.toString(36)}`] = index;
  return keys;
}

function shellBaits() {
  return {
    'lines that end as on Windows': between('echo a', '\r\nls', ''),
    'braces that do not close': between('echo {', 'a,', 'a'),
    'braces inside each other': between('echo ', '{a,', ''),
    'commands without end': repeat('a;'),
    'words of commands': between('echo', ' a', ''),
    pipes: between('a', '|a', ''),
    'substitutions inside each other': nested('$(a ', ')'),
    'substitutions that do not close': repeat('$(a '),
    'quotes in substitutions': nested('"$(', ')"'),
    'arithmetic inside each other': nested('$((1+', '))'),
    'expansions inside each other': nested('${a:-', '}'),
    subshells: nested('(a;', ')'),
    'here-documents': repeat('<<a\n'),
    'here-documents that end': repeat('a <<b\nb\n'),
    'loops inside each other': nested('if a;then ', ';fi'),
    cases: between('case a in ', 'a)a;;', 'esac'),
    functions: repeat('a(){ a;};'),
    assignments: repeat('a=b '),
    redirections: between('a', ' >b', ''),
    comments: repeat('# a\n'),
    'lines that go on': between('a', ' \\\n', 'b'),
    'carriers of lines': between('', 'sh -c "a";', ''),
  };
}

function streamBaits() {
  const part = '\r\n--porthole\r\nContent-Length: 1\r\n\r\na';
  return {
    'small parts': between('--porthole\r\nContent-Length: 1\r\n\r\na', part, ''),
    'long heads': between(
      '--porthole\r\nContent-Length: 1\r\n\r\na',
      `\r\n--porthole\r\nContent-Length: 1\r\nA: ${'b'.repeat(4000)}\r\n\r\na`,
      '',
    ),
    'large parts that do not come': between('--porthole\r\nContent-Length: 60000000\r\n\r\n', 'a', ''),
  };
}

function filmBaits() {
  const head = '\x1a\x45\xdf\xa3\x80';
  return {
    'small elements': between(head, '\xec\x80', ''),
    'clusters inside each other': between(head, '\x1f\x43\xb6\x75\x01\xff\xff\xff\xff\xff\xff\xff', ''),
    'small blocks': between(
      `${head}\x1f\x43\xb6\x75\x01\xff\xff\xff\xff\xff\xff\xff`,
      '\xa3\x84\x81\0\0\0',
      '',
    ),
    'an element that does not end': between(`${head}\xa3\x08\x04\x00\x00\x00`, 'a', ''),
  };
}

function busBaits() {
  const empty = 'l\x01\x00\x01\0\0\0\0\x01\0\0\0\0\0\0\0';
  /** A message whose body of so many bytes has this signature. */
  const message = (signature: string, body: (length: number) => string) => (length: number) => {
    const field = `\x08\x01g\0${String.fromCharCode(signature.length)}${signature}\0`;
    const padded = field + '\0'.repeat((8 - (field.length % 8)) % 8);
    const bytes = Math.max(8, length - 16 - padded.length);
    const size = Buffer.alloc(4);
    size.writeUInt32LE(bytes);
    const fields = Buffer.alloc(4);
    fields.writeUInt32LE(field.length);
    const head = `l\x01\x00\x01${size.toString('latin1')}\x01\0\0\0${fields.toString('latin1')}`;
    return head + padded + body(bytes).slice(0, bytes);
  };
  const arrayOf = (element: string) => (length: number) => {
    const size = Buffer.alloc(4);
    size.writeUInt32LE(length - 4);
    return size.toString('latin1') + repeat(element)(length - 4);
  };
  return {
    'small messages': repeat(empty),
    'a message that does not come': between('l\x01\x00\x01\0\0\x0e\0\x01\0\0\0\0\0\0\0', '\0', ''),
    'an array of bytes': message('ay', arrayOf('\0')),
    'an array of empty arrays': message('aai', arrayOf('\0\0\0\0')),
    'an array of variants': message('av', arrayOf('\x01y\0\0')),
    'variants inside each other': message('v', repeat('\x01v\0')),
    'an array of long structs': message(`a(${'y'.repeat(200)})`, arrayOf('\0')),
  };
}

function settingsBaits() {
  return {
    'the same setting': between('{', '"port":8001,', '"port":1}'),
    'the same setting, wrong': between('{', '"port":"a",', '"port":1}'),
    'faults in each line': between('{', '"port" 1 ]\n', '}'),
    'comments without end': between('{', '/*a*/', '}'),
    'a comment that does not end': between('{/*', '*', ''),
    'a long list': between('{"denyRules":[', '"a",', '"a"]}'),
    'a list inside another': (length: number) => `{"denyRules":${nested('[', ']')(length)}}`,
  };
}

function logBaits() {
  return {
    'nearly secrets': repeat(`${'a'.repeat(39)} `),
    secrets: repeat('pht_abcdefgh '),
    'keys that do not end': repeat('-----BEGIN PRIVATE KEY-----\n'),
    'bearers of nothing': repeat('bearer '),
    'addresses without a host': repeat('a://b'),
    'lines of events': repeat('{"level":"info","time":"2026-01-01","event":"a","msg":"b"}\n'),
    'lines with stacks': repeat('{"err":{"stack":"Error\\n    at a\\n    at b"}}\n'),
    'one long line': between('{"msg":"', 'a', '"}'),
  };
}

function feedBaits() {
  return {
    'lists inside each other': repeat('- '),
    'flows inside each other': repeat('{a: ['),
    'keys with question marks': repeat('? '),
    anchors: repeat('- &a a\n'),
    aliases: between('files:\n- &a {url: a, size: 1}\n', '- *a\n', ''),
    'aliases of aliases': (length: number) =>
      `a0: &a0 [x, x]\n${Array.from({ length: length / 24 }, (_, at) => `a${at + 1}: &a${at + 1} [*a${at}, *a${at}]\n`).join('')}`,
    'long versions': between('version: 1.0.0-', '1.a-', '\nfiles: []\n'),
    'merged maps': between('a: &a {b: c}\n', '<<: *a\n', ''),
    'folded text': between('a: >\n', '  b\n\n', ''),
    'an indented text': (length: number) =>
      Array.from({ length: Math.floor(Math.sqrt(2 * length)) }, (_, at) => `${' '.repeat(at)}a:\n`).join(''),
  };
}
