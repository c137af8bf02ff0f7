import type { Request, Response } from 'express';
import { readCookies } from '../access/cookies.ts';

/** The cookies of one call: those that came with it, and those that its answer sets. */
export interface CallerCookies {
  /** The values that came under this name. */
  read(name: string): string[];
  /** Sets a cookie that no script can read and no other site's page can make a browser send. */
  set(name: string, value: string, maxAgeSeconds?: number): void;
  clear(name: string): void;
}

/** The cookies of `request`, set on `response`. */
export function callerCookies(request: Request, response: Response): CallerCookies {
  // Behind a proxy it is the page that says whether the browser's side is encrypted: where it is not ours, the guard has
  // refused what would set a cookie.
  const secure = request.secure || request.headers.origin?.startsWith('https://') === true;
  const attributes = { httpOnly: true, sameSite: 'strict', secure } as const;
  return {
    read: (name) => readCookies(request.headers.cookie, name),
    set: (name, value, maxAgeSeconds) => {
      const lifetime = maxAgeSeconds === undefined ? {} : { maxAge: maxAgeSeconds * 1000 };
      response.cookie(name, value, { ...attributes, ...lifetime });
    },
    clear: (name) => {
      response.clearCookie(name, attributes);
    },
  };
}
