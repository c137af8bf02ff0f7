/** What the cookies of one agent are called. */
export interface CookieNames {
  /** Of a browser that came with a token. */
  readonly login: string;
  /** Of a browser that was approved to watch. */
  readonly viewer: string;
  /** Of the agent's own windows. */
  readonly window: string;
}

/**
 * Names of cookies that are one agent's alone. Browsers keep cookies by host and not by port (RFC 6265, section 8.5):
 * of two agents under one name, on one machine or at the ends of two tunnels, each would overwrite the other's.
 */
export function nameCookies(agentId: string): CookieNames {
  const of = (purpose: keyof CookieNames): string => `porthole_${purpose}_${agentId}`;
  return { login: of('login'), viewer: of('viewer'), window: of('window') };
}

/** All values that a Cookie header gives for `name` (RFC 6265, section 4.2); at most a handful are looked at. */
export function readCookies(header: string | undefined, name: string): string[] {
  const values: string[] = [];
  for (const pair of (header ?? '').split(';')) {
    const [key, ...rest] = pair.split('=');
    if (key?.trim() === name) values.push(rest.join('=').trim());
    if (values.length === MAX_VALUES) break;
  }
  return values;
}

const MAX_VALUES = 4;
