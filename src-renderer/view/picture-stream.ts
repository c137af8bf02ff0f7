import { MultipartFault, MultipartParser } from './multipart-parser.ts';
import { type OpenPictures, type PictureObserver, type SourceEnd, toSourceEnd } from './picture-source.ts';

/** The framing of our own streams, for answers whose type does not tell. */
const USUAL_BOUNDARY = 'porthole';

/**
 * Brings the pictures of the stream at `url` as they come. The bytes are read by the page itself, which an `<img>`
 * would not let it see: only so it knows a picture that stands still from a connection that does.
 *
 * Asked for as plain bytes, because WebKit takes multipart answers apart on its own before a page can read them.
 */
export function createPictureStream(url: string, fetch: typeof globalThis.fetch): OpenPictures {
  return (observer) => {
    const abort = new AbortController();
    let isOver = false;
    const end = (how: SourceEnd): void => {
      if (isOver) return;
      isOver = true;
      abort.abort();
      observer.onEnd(how);
    };
    const heard: PictureObserver = {
      onOpen: () => isOver || observer.onOpen(),
      onBytes: (count) => isOver || observer.onBytes(count),
      onPicture: (picture) => isOver || observer.onPicture(picture),
      onEnd: end,
    };
    read(url, fetch, abort.signal, heard).then(end, (failure: unknown) =>
      end({ kind: failure instanceof MultipartFault ? 'unplayable' : 'lost' }),
    );
    return () => {
      isOver = true;
      abort.abort();
    };
  };
}

async function read(
  url: string,
  fetch: typeof globalThis.fetch,
  signal: AbortSignal,
  observer: PictureObserver,
): Promise<SourceEnd> {
  const headers = { accept: 'application/octet-stream' };
  const response = await fetch(url, { cache: 'no-store', headers, signal });
  if (!response.ok) return toSourceEnd(response);
  if (!response.body) return { kind: 'unplayable' };
  observer.onOpen();
  const parser = new MultipartParser(readBoundary(response.headers.get('content-type')));
  const reader = response.body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return { kind: 'lost' };
    observer.onBytes(value.length);
    for (const part of parser.push(value)) observer.onPicture(part);
    if (parser.isClosed) return { kind: 'closed' };
  }
}

function readBoundary(contentType: string | null): string {
  return /boundary="?([\w-]+)/.exec(contentType ?? '')?.[1] ?? USUAL_BOUNDARY;
}
