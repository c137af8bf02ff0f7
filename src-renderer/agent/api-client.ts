import { z } from 'zod';
import {
  type AnswerOf,
  API,
  type BodyInputOf,
  type Endpoint,
  type EndpointName,
  type ParamsOf,
  type QueryInputOf,
} from '#shared/api';

const REQUEST_TIMEOUT_MS = 10_000;

/** The agent understood the request and refused it; `message` is its sentence for the person. */
export class AgentRefusal extends Error {
  override readonly name = 'AgentRefusal';
  readonly status: number;
  /** A wire name of the error catalogue, or one that a newer agent has added to it. */
  readonly code: string;
  /** After how long it may be worth asking again; null if the agent does not say. */
  readonly retryAfterMs: number | null;

  constructor(status: number, code: string, message: string, retryAfterMs: number | null = null) {
    super(message);
    this.status = status;
    this.code = code;
    this.retryAfterMs = retryAfterMs;
  }
}

/** No answer came from the agent, or none that this page understands. */
export class AgentUnreachable extends Error {
  override readonly name = 'AgentUnreachable';
}

type ParamsInput<N extends EndpointName> = string extends keyof ParamsOf<N>
  ? { readonly params?: never }
  : { readonly params: ParamsOf<N> };

/** What a call of endpoint `N` takes; `params` is required exactly where the path has some. */
export type CallInput<N extends EndpointName> = ParamsInput<N> & {
  readonly query?: QueryInputOf<N>;
  readonly body?: BodyInputOf<N>;
  /** Shown to the agent; for the one call that swaps it for a cookie. */
  readonly token?: string;
};

type CallArguments<N extends EndpointName> = string extends keyof ParamsOf<N>
  ? [input?: CallInput<N>]
  : [input: CallInput<N>];

/**
 * Calls endpoint `name` and answers its parsed body. Rejects with {@link AgentRefusal} for a 4xx or 5xx and
 * with {@link AgentUnreachable} for everything else that goes wrong.
 */
export type CallAgent = <N extends EndpointName>(name: N, ...input: CallArguments<N>) => Promise<AnswerOf<N>>;

const refusalSchema = z.object({ success: z.literal(false), error: z.string(), message: z.string() });

/** Makes the function that calls the agent this page came from. `fetch` is the browser's or a test's. */
export function createAgentCaller(fetch: typeof globalThis.fetch): CallAgent {
  return async (name, ...[input]) => {
    const endpoint: Endpoint = API[name];
    const response = await send(
      fetch,
      endpoint,
      buildPath(endpoint, input?.params, input?.query),
      input?.body,
      input?.token,
    );
    if (!response.ok) {
      const refusal = await readRefusal(response);
      throw refusal ?? new AgentUnreachable(`Something on the way to the agent answered ${response.status}.`);
    }
    const answer = API[name].answer.safeParse(await readJson(response));
    if (!answer.success)
      throw new AgentUnreachable('The agent answered in a way this page does not understand.');
    return answer.data as AnswerOf<typeof name>;
  };
}

function buildPath(endpoint: Endpoint, params: object = {}, query: object = {}): string {
  const values = new Map<string, unknown>(Object.entries(params));
  const path = endpoint.path.replace(/\{(\w+)\}/g, (_, name: string) =>
    encodeURIComponent(String(values.get(name))),
  );
  const search = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) if (value !== undefined) search.set(key, String(value));
  return search.size === 0 ? path : `${path}?${search}`;
}

async function send(
  fetch: typeof globalThis.fetch,
  endpoint: Endpoint,
  path: string,
  body: object | undefined,
  token: string | undefined,
): Promise<Response> {
  const signal = AbortSignal.timeout(REQUEST_TIMEOUT_MS);
  try {
    if (endpoint.method === 'get') return await fetch(path, { cache: 'no-store', signal });
    if (endpoint.method === 'delete') return await fetch(path, { method: 'DELETE', signal });
    const shown = token === undefined ? {} : { authorization: `Bearer ${token}` };
    const headers = { 'content-type': 'application/json', ...shown };
    return await fetch(path, { method: 'POST', headers, body: JSON.stringify(body ?? {}), signal });
  } catch {
    throw new AgentUnreachable('The agent cannot be reached.');
  }
}

async function readJson(response: Response): Promise<unknown> {
  try {
    return await response.json();
  } catch {
    return undefined;
  }
}

/** The agent's refusal; null for an answer that is none of the agent's, but of something on the way to it. */
export async function readRefusal(response: Response): Promise<AgentRefusal | null> {
  const refusal = refusalSchema.safeParse(await readJson(response));
  if (!refusal.success) return null;
  const seconds = Number(response.headers.get('retry-after') ?? Number.NaN);
  const retryAfterMs = Number.isFinite(seconds) && seconds >= 0 ? seconds * 1000 : null;
  return new AgentRefusal(response.status, refusal.data.error, refusal.data.message, retryAfterMs);
}

/** The sentence to show for a failed call. */
export function describeFailure(failure: unknown): string {
  if (failure instanceof AgentRefusal || failure instanceof AgentUnreachable) return failure.message;
  return 'Something went wrong in this page; reload it and try again.';
}
