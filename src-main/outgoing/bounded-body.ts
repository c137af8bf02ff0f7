/** More came than is taken of an answer. */
export class BodyTooLarge extends Error {
  override readonly name = 'BodyTooLarge';

  constructor(mostBytes: number) {
    super(`the answer has more than ${mostBytes} bytes`);
  }
}

/**
 * The whole body of an answer that should be small: whoever answers decides how much comes. Rejects with
 * {@link BodyTooLarge} as soon as there is more than `mostBytes`, of which nothing is kept, and as the body itself does
 * where it breaks off.
 */
export async function readBoundedBody(response: Response, mostBytes: number): Promise<Buffer> {
  const reader = response.body?.getReader();
  if (!reader) return Buffer.alloc(0);
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return Buffer.concat(chunks);
    bytes += value.length;
    if (bytes > mostBytes) {
      void reader.cancel().catch(() => undefined);
      throw new BodyTooLarge(mostBytes);
    }
    chunks.push(value);
  }
}
