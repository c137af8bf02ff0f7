import { IncomingMessage, type OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import type { RequestHandler } from 'express';
import helmet from 'helmet';

// Plain HTTP on loopback: telling browsers to insist on HTTPS would only break the page.
const setHeaders = helmet({
  contentSecurityPolicy: {
    useDefaults: false,
    directives: {
      defaultSrc: ["'self'"],
      objectSrc: ["'none'"],
      baseUri: ["'none'"],
      formAction: ["'none'"],
      frameAncestors: ["'none'"],
    },
  },
  strictTransportSecurity: false,
  referrerPolicy: { policy: 'no-referrer' },
});

/** An answer that goes nowhere and keeps its headers as they were written. */
class HeaderNotes extends ServerResponse {
  readonly noted: [name: string, value: string][] = [];

  override setHeader(name: string, value: number | string | readonly string[]): this {
    this.noted.push([name, String(value)]);
    return this;
  }
}

// Found out once: they are the same for every answer, and a dozen functions that find them anew take longer than many an
// answer.
const HEADERS = collectHeaders();

/** Puts the headers that tell browsers to be careful on every answer. */
export const securityHeaders: RequestHandler = (_request, response, next) => {
  for (const [name, value] of HEADERS) response.setHeader(name, value);
  next();
};

/** Lets an answer, which is a page of ours, show pictures that are written into its style sheets. */
export function allowInlinePictures(response: ServerResponse): void {
  const policy = String(response.getHeader('Content-Security-Policy'));
  response.setHeader('Content-Security-Policy', `${policy};img-src 'self' data:`);
}

/** The same headers for answers that are written where there is no response object. */
export const SECURITY_HEADERS: OutgoingHttpHeaders = Object.fromEntries(HEADERS);

function collectHeaders(): [name: string, value: string][] {
  const request = new IncomingMessage(new Socket());
  const response = new HeaderNotes(request);
  setHeaders(request, response, () => undefined);
  return response.noted;
}

/** Lets an answer, which holds nothing but a picture, be embedded by pages of other sites. */
export function allowEmbedding(response: ServerResponse): void {
  response.setHeader('Cross-Origin-Resource-Policy', 'cross-origin');
  response.setHeader('Content-Security-Policy', "default-src 'none'; frame-ancestors *");
  response.removeHeader('X-Frame-Options');
}

/**
 * Lets a browser show an answer, which is an endless picture in a tab of its own, without a change of process. Firefox
 * hands a page with this header over to another process, and now and then loses a stream whose next part comes in the
 * meantime: it keeps the picture that it has, as if it were live. There is nothing in such a tab that the header guards.
 * See docs/decisions/0016-a-browser-gets-its-next-part-begun.md.
 */
export function stayInProcess(response: ServerResponse): void {
  response.removeHeader('Cross-Origin-Opener-Policy');
}
