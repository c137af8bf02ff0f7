import type { Readable, Writable } from 'node:stream';
import { Command, CommanderError } from 'commander';
import { stripMisleadingCharacters } from '#shared/text';
import { stringifyVisibly } from '#shared/visible-json';
import { readOwnAddress } from '../access/token-proof.ts';
import { isRuntimeSwitch } from '../settings/chromium-switches.ts';
import { type AgentAddress, AgentRefusal, createAgentClient } from './agent-client.ts';
import { createAgentCommands, type RunCommand } from './agent-commands.ts';
import { createAgentFetch, proveEach } from './agent-fetch.ts';
import { createFileFetcher } from './fetch-file.ts';
import { findAgent, usualDataFolders } from './find-agent.ts';
import { bridgeMcp } from './mcp-bridge.ts';

/** Where the command line client runs. */
export interface CliContext {
  readonly version: string;
  readonly env: NodeJS.ProcessEnv;
  readonly platform: NodeJS.Platform;
  readonly stdin: Readable;
  readonly stdout: Writable;
  readonly stderr: Writable;
}

const EXIT_OK = 0;
const EXIT_FAILED = 1;
/** Wrong use: an unknown command or flag, a bad value. */
const EXIT_REFUSED = 2;

interface AgentOptions {
  readonly dataDir?: string;
  readonly url?: string;
}

/** The commands that talk to a running agent instead of starting one. */
export const CLI_COMMANDS: ReadonlySet<string> = new Set([
  'status',
  'share',
  'stop',
  'rearm',
  'approve',
  'deny',
  'token',
  'diagnostics',
  'mcp',
]);

/**
 * The command line from the client's command on, if that is what it names first, after switches that are the runtime's
 * own; else null.
 */
export function findCliCall(args: readonly string[]): string[] | null {
  const at = args.findIndex((argument) => !isRuntimeSwitch(argument));
  const command = args[at];
  return command !== undefined && CLI_COMMANDS.has(command) ? args.slice(at) : null;
}

/** Runs a command of the command line client; resolves with the code to exit with. */
export async function runCli(args: readonly string[], context: CliContext): Promise<number> {
  const program = new Command('porthole')
    .description('Talks to the Porthole that runs on this machine.')
    .version(context.version)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => context.stdout.write(text),
      writeErr: (text) => context.stderr.write(text),
    });
  const mcp = program
    .command('mcp')
    .description(
      'Serve the Model Context Protocol on stdin and stdout, for AI agents that start their servers.',
    )
    .action(async (options: AgentOptions) => {
      await bridgeMcp({
        ...openAgent(options, context),
        stdin: context.stdin,
        stdout: context.stdout,
        complain: (sentence) => context.stderr.write(`porthole: ${stripMisleadingCharacters(sentence)}\n`),
      });
    });
  addAgentOptions(mcp);
  const run: RunCommand = async (command, work) => {
    const options = command.optsWithGlobals<AgentOptions & { json?: true }>();
    const agent = openAgent(options, context);
    const print = (text: string): void => {
      context.stdout.write(`${text}\n`);
    };
    try {
      await work({
        call: createAgentClient(agent),
        fetchFile: createFileFetcher(agent),
        url: agent.url,
        tell: (answer, lines, beside = []) => {
          if (options.json) {
            print(stringifyVisibly(answer));
            return;
          }
          // An agent at a strange address could answer anything.
          for (const line of lines) print(stripMisleadingCharacters(line));
          for (const line of beside) context.stderr.write(`${stripMisleadingCharacters(line)}\n`);
        },
      });
    } catch (error) {
      if (options.json && error instanceof AgentRefusal) print(stringifyVisibly(error.body));
      throw error;
    }
  };
  for (const command of createAgentCommands(run)) {
    for (const each of command.commands.length > 0 ? command.commands : [command]) {
      addAgentOptions(each.option('--json', 'print the answer as JSON, for programs'));
    }
    program.addCommand(inherit(command, program));
  }
  try {
    await program.parseAsync([...args], { from: 'user' });
    return EXIT_OK;
  } catch (error) {
    // Commander has said what is wrong.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT_OK : EXIT_REFUSED;
    const sentence = error instanceof Error ? error.message : String(error);
    context.stderr.write(`porthole: ${stripMisleadingCharacters(sentence)}\n`);
    return EXIT_FAILED;
  }
}

/** Lets a command made elsewhere, and those below it, print and exit as the program does. */
function inherit(command: Command, program: Command): Command {
  command.copyInheritedSettings(program);
  for (const each of command.commands) inherit(each, program);
  return command;
}

/** The options by which every command finds its agent. */
function addAgentOptions(command: Command): void {
  command
    .option('--data-dir <folder>', 'data folder of the agent to talk to (or PORTHOLE_DATA_DIR)')
    .option('--url <address>', 'address of the agent to talk to (or PORTHOLE_URL)');
}

/**
 * The agent to talk to. Where somebody names its address, the token is sent there. An address from a data folder may lead
 * to whoever has written it, or listens there since the agent ended: there the token is proven and never sent.
 */
function openAgent(given: AgentOptions, { env, platform }: CliContext): AgentAddress {
  const url = given.url ?? env.PORTHOLE_URL;
  const dataDir = given.dataDir ?? env.PORTHOLE_DATA_DIR;
  const token = env.PORTHOLE_TOKEN;
  if (url !== undefined) {
    if (!URL.canParse(url)) throw new Error(`${url} is not an address.`);
    return { url, fetch: createAgentFetch(undefined), token };
  }
  const folders = dataDir === undefined ? usualDataFolders(env, platform) : [dataDir];
  const running = findAgent(folders);
  if (!running)
    throw new Error(`No agent runs on ${folders[0]}; start Porthole, or name its --data-dir or --url.`);
  if (readOwnAddress(new URL(running.url)) === null)
    throw new Error(
      `${folders[0]} says that its agent is at ${running.url}, which is not on this machine: use --url.`,
    );
  const fetch = createAgentFetch(running.certificate);
  return { url: running.url, fetch: token === undefined ? fetch : proveEach(fetch, token), token: undefined };
}
