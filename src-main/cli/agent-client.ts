import { z } from 'zod';
import {
  type AnswerOf,
  API,
  type BodyInputOf,
  type Endpoint,
  type EndpointName,
  type QueryInputOf,
} from '#shared/api';
import { BodyTooLarge, readBoundedBody } from '../outgoing/bounded-body.ts';
import type { AgentFetch } from './agent-fetch.ts';

/** The agent understood the request and refused it; `message` is its sentence for a person. */
export class AgentRefusal extends Error {
  override readonly name = 'AgentRefusal';
  /** The answer's body, for programs. */
  readonly body: unknown;

  constructor(message: string, body: unknown) {
    super(message);
    this.body = body;
  }
}

/** What a call takes besides its name. */
export interface CallInput<N extends EndpointName> {
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: QueryInputOf<N>;
  readonly body?: BodyInputOf<N>;
}

/** Calls an endpoint and answers its parsed body. Rejects with {@link AgentRefusal} for a refusal. */
export type CallAgent = <N extends EndpointName>(name: N, input?: CallInput<N>) => Promise<AnswerOf<N>>;

/** An agent to call. */
export interface AgentAddress {
  readonly url: string;
  readonly fetch: AgentFetch;
  /** Sent to the agent; without one it trusts the user that this runs as, or what `fetch` proves. */
  readonly token: string | undefined;
}

const refusalSchema = z.object({ success: z.literal(false), error: z.string(), message: z.string() });

/** The refusal in an answer's body, or null if it is none. */
export function readRefusal(body: unknown): z.infer<typeof refusalSchema> | null {
  return refusalSchema.safeParse(body).data ?? null;
}

/** No answer that the command line asks for has a tenth of it. */
const MAX_ANSWER_BYTES = 16 * 1024 * 1024;

/**
 * The JSON of an answer, or undefined if it is none. Rejects with a sentence for one that is longer than any that an
 * agent gives: at a strange address it could have no end.
 */
export async function readAnswer(response: Response, url: string): Promise<unknown> {
  try {
    return JSON.parse((await readBoundedBody(response, MAX_ANSWER_BYTES)).toString());
  } catch (error) {
    if (error instanceof BodyTooLarge) throw notPorthole(url, error.message);
    return undefined;
  }
}

/** Why something at an address is taken for no agent. */
export function notPorthole(url: string, why: string): Error {
  return new Error(`What answers at ${url} is no Porthole (${why}).`);
}

/** Makes the function that calls the agent at `url`. */
export function createAgentClient({ url, fetch, token }: AgentAddress): CallAgent {
  return async (name, input = {}) => {
    const endpoint: Endpoint = API[name];
    const target = new URL(fillPath(endpoint.path, input.params ?? {}), url);
    for (const [key, value] of Object.entries(input.query ?? {}))
      if (value !== undefined) target.searchParams.set(key, String(value));
    const response = await fetch(target, {
      method: endpoint.method.toUpperCase(),
      headers: {
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(endpoint.method === 'post' ? { 'content-type': 'application/json' } : {}),
      },
      ...(endpoint.method === 'post' ? { body: JSON.stringify(input.body ?? {}) } : {}),
    }).catch((error: unknown) => {
      throw new Error(`No agent answers at ${url}: ${explain(error)}.`);
    });
    const answered = await readAnswer(response, url);
    if (response.ok) return API[name].answer.parse(answered) as AnswerOf<typeof name>;
    const refusal = readRefusal(answered);
    if (refusal) throw new AgentRefusal(refusal.message, refusal);
    throw notPorthole(url, String(response.status));
  };
}

function fillPath(path: string, params: Readonly<Record<string, string>>): string {
  return path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(params[name] ?? ''));
}

/** Node's `fetch` says what went wrong only in what caused its failure. */
function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message : error.message;
}
