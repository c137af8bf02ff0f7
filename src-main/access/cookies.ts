/** Cookies that let a browser in: a token's, and one that was approved to watch. */
export const LOGIN_COOKIE = 'porthole_login';
export const VIEWER_COOKIE = 'porthole_viewer';

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
