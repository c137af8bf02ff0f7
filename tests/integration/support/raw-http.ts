import { connect } from 'node:net';

/** An answer as it stood on the wire. */
export interface RawAnswer {
  readonly status: number;
  readonly head: string;
  readonly body: string;
}

/**
 * Sends bytes over a connection of its own and answers what came back until the agent closed it, or until it began
 * another protocol. `bytes` must make it do one of them (`Connection: close`, or something that it refuses).
 */
export function sendRaw(url: string, bytes: string | Uint8Array, address?: string): Promise<RawAnswer> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect({ host: address ?? hostname.replaceAll(/[[\]]/g, ''), port: Number(port) });
    const chunks: Buffer[] = [];
    socket.on('data', (chunk) => {
      chunks.push(chunk);
      if (parseAnswer(Buffer.concat(chunks).toString('latin1')).status === 101) socket.destroy();
    });
    socket.once('error', reject);
    socket.once('close', () => resolve(parseAnswer(Buffer.concat(chunks).toString('utf8'))));
    // Not ended: whoever waits for the other side to close must not be met with a half-closed connection.
    socket.write(bytes);
  });
}

function parseAnswer(text: string): RawAnswer {
  const end = text.indexOf('\r\n\r\n');
  const head = end < 0 ? text : text.slice(0, end);
  return {
    status: Number(/^HTTP\/1\.1 (\d{3})/.exec(head)?.[1] ?? 0),
    head,
    body: end < 0 ? '' : text.slice(end + 4),
  };
}
