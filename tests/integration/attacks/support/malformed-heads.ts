/** Headers that none can be, by what is wrong with them (RFC 9112, section 5). */
export const FALSE_HEADERS: readonly (readonly [what: string, line: string])[] = [
  ['a blank before the colon', 'Origin : http://evil.example'],
  ['a tab before the colon', 'Origin\t: http://evil.example'],
  ['a length that another might count by', 'Content-Length : 3'],
  ['a proxy’s mark that is none', 'X-Forwarded-For : 192.0.2.1'],
  ['a word too many', 'X Origin: http://evil.example'],
  ['no name', ': http://evil.example'],
];

/** A request's head as it stands on the wire. */
export function headOf(url: string, lines: readonly string[], target = '/api/agent'): string {
  return [`GET ${target} HTTP/1.1`, `Host: ${new URL(url).host}`, ...lines, '', ''].join('\r\n');
}

/** A request that does something, and closes the connection. */
export function stopAll(url: string): string {
  const { host } = new URL(url);
  return `POST /api/sessions/stop_all HTTP/1.1\r\nHost: ${host}\r\nContent-Type: application/json\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}`;
}

/** What makes a request one for a WebSocket. */
export const UPGRADE: readonly string[] = [
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
];
