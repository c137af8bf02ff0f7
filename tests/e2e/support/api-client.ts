/** An answer with its parsed body. */
export interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

/** Calls an agent as a client that knows only the contract. */
export async function callApi(url: string, method: string, path: string, body?: unknown): Promise<Answer> {
  const response = await fetch(`${url}${path}`, {
    method,
    // A test that waits for a program for seconds does not hear that the agent closed a connection that it kept.
    headers: { connection: 'close', ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

/** Starts a screen share and answers its id; `more` goes into the start as well. */
export async function startShare(
  url: string,
  quality: 'low' | 'medium' | 'high',
  more: object = {},
): Promise<string> {
  const { status, body } = await callApi(url, 'POST', '/api/screen_share/start', { quality, ...more });
  if (status !== 200) throw new Error(`The share did not start: ${JSON.stringify(body)}`);
  return String(body.session_id);
}
