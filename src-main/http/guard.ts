import type { IncomingMessage } from 'node:http';
import { PortholeError } from '#shared/errors';
import { isLoopback } from './api-router.ts';

/** Headers that a proxy adds: what comes through one was not sent by the person at this machine. */
const PROXY_HEADER = /^(forwarded|via|x-forwarded(-.*)?|x-real-ip)$/;

/** Methods that change nothing. */
const SAFE_METHODS = new Set(['GET', 'HEAD']);

/**
 * Lets a request or an upgrade pass, or throws why not. In front of everything, static files included. Only the
 * person's own machine is served: a loopback connection, no proxy, our own name in Host (a page that rebinds its
 * DNS name to us is refused: https://en.wikipedia.org/wiki/DNS_rebinding) and, from browsers, our own origin.
 */
export function assertAdmitted(request: IncomingMessage): void {
  const isProxied = Object.keys(request.headers).some((name) => PROXY_HEADER.test(name));
  if (isProxied || !isLoopback(request.socket.remoteAddress ?? '')) throw new PortholeError('access_denied');
  // A target in absolute form would override Host; only proxies send one.
  if (!request.url?.startsWith('/')) throw new PortholeError('host_not_allowed');
  const port = request.socket.localPort ?? 0;
  const host = readSingleHost(request);
  if (host === null || !isOwnAuthority(host, port)) throw new PortholeError('host_not_allowed');
  assertOwnOrigin(request, host);
}

function assertOwnOrigin(request: IncomingMessage, host: string): void {
  const { origin } = request.headers;
  const site = request.headers['sec-fetch-site'];
  const isUpgrade = request.headers.upgrade !== undefined;
  const changesNothing = SAFE_METHODS.has(request.method ?? '') && !isUpgrade;
  if (origin !== undefined && origin !== `http://${host}` && !(changesNothing && origin === 'null')) {
    throw new PortholeError('origin_not_allowed');
  }
  if (site === undefined || site === 'same-origin' || site === 'none') return;
  // A link on another page may open one of ours; it may not fetch, embed or post.
  const isNavigation =
    request.headers['sec-fetch-mode'] === 'navigate' && request.headers['sec-fetch-dest'] === 'document';
  if (!(isNavigation && changesNothing)) throw new PortholeError('origin_not_allowed');
}

function readSingleHost(request: IncomingMessage): string | null {
  const names = request.rawHeaders.filter((_, index) => index % 2 === 0);
  const given = names.filter((name) => name.toLowerCase() === 'host').length;
  return given === 1 ? (request.headers.host ?? null) : null;
}

/** Whether a Host header names this agent at `port`, in a form that a client of ours would send. */
export function isOwnAuthority(host: string, port: number): boolean {
  const match = /^(localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::(\d{1,5}))?$/i.exec(host);
  return match !== null && Number(match[2] ?? 80) === port;
}
