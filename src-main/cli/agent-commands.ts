import { Command, Option } from 'commander';
import { tokenRoleSchema } from '#shared/access';
import type { AnswerOf } from '#shared/api';
import type { Approval } from '#shared/approvals';
import { qualitySchema } from '#shared/presets';
import { isRecordingOn } from '#shared/recordings';
import type { LiveSession } from '#shared/sessions';
import { createOwnFile } from '../files/own-file.ts';
import type { CallAgent } from './agent-client.ts';
import type { FetchFile } from './fetch-file.ts';
import { readDuration } from './read-duration.ts';

/** What a command works with: the agent, and a place for what it says. */
export interface CommandTools {
  readonly call: CallAgent;
  readonly fetchFile: FetchFile;
  /** The address that the agent is called by. */
  readonly url: string;
  /**
   * Prints the answer: as it came for programs, or for people as these lines. What was asked for goes to stdout and
   * nothing else does, since that may be a file or a pipe; `beside` goes to stderr.
   */
  tell(answer: object, lines: readonly string[], beside?: readonly string[]): void;
}

/** Runs `work` with what the command's options lead to. */
export type RunCommand = (command: Command, work: (tools: CommandTools) => Promise<void>) => Promise<void>;

/** Commands that show and steer the running agent. */
export function createAgentCommands(run: RunCommand): Command[] {
  const status = new Command('status')
    .description('Show what is live, and what waits for a decision.')
    .action(() =>
      run(status, async ({ call, url, tell }) => {
        const [agent, active, approvals, advisories] = await Promise.all([
          call('agentInfo'),
          call('activeSessions'),
          // An operator may not see these.
          call('listApprovals').catch(() => ({ approvals: [], total: 0 })),
          call('listAdvisories').catch(() => ({ advisories: [], total: 0 })),
        ]);
        tell({ agent, ...active, ...approvals, ...advisories, total: active.total }, [
          `porthole ${agent.version} at ${url}${agent.locked ? ', LOCKED: nothing starts until it is re-armed' : ''}`,
          ...(agent.reach.network ? [`on the network: ${agent.reach.urls.slice(1).join(' ')}`] : []),
          ...(agent.reach.tls_fingerprint ? [`certificate (SHA-256): ${agent.reach.tls_fingerprint}`] : []),
          ...advisories.advisories.map(({ title, message }) => `note: ${title} ${message}`),
          ...listOf('live', active.active_sessions.map(describeSession)),
          ...listOf('waiting for a decision', approvals.approvals.map(describeApproval)),
        ]);
      }),
    );

  const share = new Command('share')
    .description('Share the screen.')
    .addOption(
      new Option('--quality <preset>', 'size and rate').choices(qualitySchema.options).default('medium'),
    )
    .option('--record', 'record it from its start')
    .option('--link [name]', 'make a link that lets others watch')
    .option('--expires <time>', 'how long the link is good for, such as 2h', readDuration)
    .action(() =>
      run(share, async ({ call, url, tell }) => {
        const options = share.opts<{
          quality: 'low' | 'medium' | 'high';
          record?: true;
          link?: string | true;
          expires?: number;
        }>();
        const { quality, record = false } = options;
        const started = await call('startScreenShare', { body: { quality, record } });
        const params = { session_id: started.session_id };
        const name = typeof options.link === 'string' ? { name: options.link } : {};
        const expires = options.expires === undefined ? {} : { expires_in_seconds: options.expires };
        const isLinked = options.link !== undefined && started.status === 'active';
        const key = isLinked ? await call('createViewKey', { params, body: { ...name, ...expires } }) : null;
        if (started.status !== 'active') {
          tell(started, [], [`${started.session_id} waits for approval`]);
          return;
        }
        const address = String(new URL(started.stream_url, url));
        if (key)
          tell(
            { ...started, key },
            [String(new URL(key.stream_url, url))],
            [`${started.session_id} is shared: ${address}`, 'The other address is for others.'],
          );
        else tell(started, [address], [`${started.session_id} is shared`]);
      }),
    );

  const stop = new Command('stop')
    .description('Stop a session; the only one that is live if none is named.')
    .argument('[session-id]')
    .option('--all', 'stop everything, and let nothing start until porthole rearm')
    .option('--reason <text>', 'why, for the record')
    .action((given: string | undefined) =>
      run(stop, async ({ call, tell }) => {
        const { all, reason } = stop.opts<{ all?: true; reason?: string }>();
        const why = reason === undefined ? {} : { reason };
        if (all) {
          const stopped = await call('stopAll', { body: why });
          tell(stopped, [`Stopped ${stopped.count}; nothing starts until: porthole rearm`]);
          return;
        }
        const sessionId = given ?? (await findOnlySession(call));
        const answer = sessionId.startsWith('screen_')
          ? await call('stopScreenShare', { body: { session_id: sessionId, ...why } })
          : await call('stopRemote', { params: { session_id: sessionId }, body: why });
        tell(answer, [`${sessionId} is ${answer.status}${answer.already_ended ? ' already' : ''}`]);
      }),
    );

  const rearm = new Command('rearm')
    .description('Let sessions start again after everything was stopped.')
    .action(() =>
      run(rearm, async ({ call, tell }) => tell(await call('rearm'), ['Sessions can start again'])),
    );

  const decide = (verb: 'approve' | 'deny'): Command => {
    const command = new Command(verb)
      .description(
        `${verb === 'approve' ? 'Allow' : 'Deny'} what waits for a decision: named by its own id or its session's; the only one if none is named.`,
      )
      .argument('[id]')
      .action((given: string | undefined) =>
        run(command, async ({ call, tell }) => {
          const { reason } = command.opts<{ reason?: string }>();
          const approval = await findApproval(call, given);
          const params = { approval_id: approval.approval_id };
          const answer =
            verb === 'approve'
              ? await call('allowApproval', { params })
              : await call('denyApproval', { params, body: reason === undefined ? {} : { reason } });
          tell(answer, [`${answer.decision}: ${describeApproval(approval)}`]);
        }),
      );
    return verb === 'deny' ? command.option('--reason <text>', 'why, for the record') : command;
  };

  const diagnostics = new Command('diagnostics')
    .description('Save what helps to find a fault: no secrets, nothing that people wrote.')
    .requiredOption('--out <file>', 'where to; a zip archive')
    .action(() =>
      run(diagnostics, async ({ fetchFile, tell }) => {
        const { out } = diagnostics.opts<{ out: string }>();
        const archive = await fetchFile('/api/diagnostics');
        // Never in the place of another file, and for its owner's eyes only.
        await createOwnFile(out, archive);
        tell({ file: out, bytes: archive.length }, [`${out} has ${archive.length} bytes`]);
      }),
    );

  const decisions = [decide('approve'), decide('deny')];
  return [status, share, stop, rearm, ...decisions, createTokenCommand(run), diagnostics];
}

function createTokenCommand(run: RunCommand): Command {
  const token = new Command('token').description(
    'Tokens for people and programs that are not at this machine.',
  );

  const create = new Command('create')
    .description('Make a token. Its secret is shown this once.')
    .addOption(
      new Option(
        '--role <role>',
        'admin decides all; operator starts sessions, each asked for, and works in its own',
      )
        .choices(tokenRoleSchema.options)
        .makeOptionMandatory(),
    )
    .requiredOption('--name <name>', 'who or what it is for')
    .option('--expires <time>', 'how long it is good for, such as 30d', readDuration)
    .action(() =>
      run(create, async ({ call, tell }) => {
        const { role, name, expires } = create.opts<{
          role: 'admin' | 'operator';
          name: string;
          expires?: number;
        }>();
        const made = await call('createToken', {
          body: { role, name, ...(expires === undefined ? {} : { expires_in_seconds: expires }) },
        });
        tell(made, [made.token], [describeMade(made)]);
      }),
    );
  const list = new Command('list').description('Show the tokens that work.').action(() =>
    run(list, async ({ call, tell }) => {
      const answer = await call('listTokens');
      tell(answer, answer.tokens.map(describeToken), answer.tokens.length > 0 ? [] : ['No tokens.']);
    }),
  );
  const revoke = new Command('revoke')
    .description('Revoke a token, by id or name: what it started and watches ends at once.')
    .argument('<token>')
    .action((given: string) =>
      run(revoke, async ({ call, tell }) => {
        const { token_id } = await findToken(call, given);
        tell(await call('revokeToken', { params: { token_id } }), [`${token_id} is revoked`]);
      }),
    );
  const rotate = new Command('rotate')
    .description('Give a token, by id or name, a new secret; the old one stops working at once.')
    .argument('<token>')
    .action((given: string) =>
      run(rotate, async ({ call, tell }) => {
        const { token_id } = await findToken(call, given);
        const made = await call('rotateToken', { params: { token_id } });
        tell(made, [made.token], [describeMade(made)]);
      }),
    );
  for (const command of [create, list, revoke, rotate]) token.addCommand(command);
  return token;
}

async function findOnlySession(call: CallAgent): Promise<string> {
  const { active_sessions: live } = await call('activeSessions');
  const [only] = live;
  if (!only) throw new Error('Nothing is live.');
  if (live.length > 1)
    throw new Error(`Several are live; name one: ${live.map(({ session_id }) => session_id).join(' ')}`);
  return only.session_id;
}

async function findApproval(call: CallAgent, id: string | undefined): Promise<Approval> {
  const { approvals } = await call('listApprovals');
  const meant = approvals.filter(
    ({ approval_id, session_id, details }) =>
      id === undefined || [approval_id, session_id, details?.command_id].includes(id),
  );
  const [only] = meant;
  if (!only)
    throw new Error(
      id === undefined ? 'Nothing waits for a decision.' : `Nothing that waits is called ${id}.`,
    );
  if (meant.length > 1)
    throw new Error(`Several wait; name one: ${meant.map(({ approval_id }) => approval_id).join(' ')}`);
  return only;
}

async function findToken(call: CallAgent, idOrName: string): Promise<{ token_id: string }> {
  const { tokens } = await call('listTokens');
  const meant = tokens.filter(({ token_id, name }) => token_id === idOrName || name === idOrName);
  const [only] = meant;
  if (!only) throw new Error(`No token is called ${idOrName}.`);
  if (meant.length > 1)
    throw new Error(
      `Several tokens are called so; name one by its id: ${meant.map((each) => each.token_id).join(' ')}`,
    );
  return only;
}

function listOf(title: string, entries: readonly string[]): string[] {
  return entries.length === 0 ? [`nothing ${title}`] : [`${title}:`, ...entries.map((entry) => `  ${entry}`)];
}

function describeSession(session: LiveSession): string {
  const kind =
    session.type === 'remote_access' ? `remote access, ${session.safety_mode}` : `share, ${session.quality}`;
  const waiting = session.status === 'pending_approval' ? ', waits for approval' : '';
  const watched = session.type === 'screen_share' ? `, ${session.viewers} watching` : '';
  const isRecorded =
    session.type === 'screen_share' && session.recording !== null && isRecordingOn(session.recording.state);
  const recorded = isRecorded ? ', being recorded' : '';
  return `${session.session_id}  ${kind}${waiting}${watched}${recorded}, by ${session.user_id}`;
}

function describeApproval(approval: Approval): string {
  const { approval_id, session_id, summary, user_id, origin, seconds_left } = approval;
  return `${approval_id}  ${summary} (${session_id}), asked by ${user_id} from ${origin}, ${Math.ceil(seconds_left)} s left`;
}

function describeToken(token: AnswerOf<'listTokens'>['tokens'][number]): string {
  const until = token.expires_at === null ? 'until it is revoked' : `until ${token.expires_at}`;
  return `${token.token_id}  ${token.role}  ${token.name}, good ${until}`;
}

/** For beside a secret, which is shown this once. */
function describeMade(token: AnswerOf<'createToken'>): string {
  return `${describeToken(token)}. Nobody can show its secret again.`;
}
