// EBML, the notation of Matroska and WebM: RFC 8794. Elements: RFC 9559 and https://www.webmproject.org/docs/container/

/** The elements that a recording is made of. */
export const ELEMENT = {
  ebml: 0x1a45dfa3,
  segment: 0x18538067,
  seekHead: 0x114d9b74,
  seek: 0x4dbb,
  seekId: 0x53ab,
  seekPosition: 0x53ac,
  void: 0xec,
  info: 0x1549a966,
  timestampScale: 0x2ad7b1,
  duration: 0x4489,
  muxingApp: 0x4d80,
  writingApp: 0x5741,
  tracks: 0x1654ae6b,
  trackEntry: 0xae,
  trackNumber: 0xd7,
  trackUid: 0x73c5,
  trackType: 0x83,
  codecId: 0x86,
  codecPrivate: 0x63a2,
  video: 0xe0,
  pixelWidth: 0xb0,
  pixelHeight: 0xba,
  displayWidth: 0x54b0,
  displayHeight: 0x54ba,
  displayUnit: 0x54b2,
  colour: 0x55b0,
  cluster: 0x1f43b675,
  timestamp: 0xe7,
  simpleBlock: 0xa3,
  cues: 0x1c53bb6b,
  cuePoint: 0xbb,
  cueTime: 0xb3,
  cueTrackPositions: 0xb7,
  cueTrack: 0xf7,
  cueClusterPosition: 0xf1,
} as const;

/** The most bytes that an element's head takes here: an id of 4 and a size of 8. */
export const MAX_HEAD_BYTES = 12;

/** Where an element begins and what it holds. */
export interface ElementHead {
  readonly id: number;
  /** Of the body; null where it is not told, and goes on to the next element that cannot be inside. */
  readonly size: number | null;
  readonly headBytes: number;
}

/** The head of the element at `offset`; null if not all of it is there. Throws if there is none. */
export function readHead(bytes: Buffer, offset: number): ElementHead | null {
  const idBytes = lengthAt(bytes, offset, 4);
  if (idBytes === null || offset + idBytes > bytes.length) return null;
  const sizeAt = offset + idBytes;
  const sizeBytes = lengthAt(bytes, sizeAt, 8);
  if (sizeBytes === null || sizeAt + sizeBytes > bytes.length) return null;
  // The first byte's highest bit tells the length; taken off later it would cost digits of a size of 8 bytes.
  const highest = (bytes[sizeAt] ?? 0) & (0xff >> sizeBytes);
  const size = highest * 2 ** (8 * (sizeBytes - 1)) + readNumber(bytes, sizeAt + 1, sizeBytes - 1);
  // All ones say that the size is unknown; what is larger than a number can count cannot come here either.
  const isUnknown =
    size === 2 ** (7 * sizeBytes) - 1 || (sizeBytes === 8 && bytes.readUInt32BE(sizeAt) === 0x01ffffff);
  return {
    id: readNumber(bytes, offset, idBytes),
    size: isUnknown ? null : size,
    headBytes: idBytes + sizeBytes,
  };
}

/** The elements that `bytes`, the body of another one, are made of. Throws if anything else is among them. */
export function readElements(bytes: Buffer): { readonly id: number; readonly body: Buffer }[] {
  const elements: { id: number; body: Buffer }[] = [];
  for (let at = 0; at < bytes.length; ) {
    const head = readHead(bytes, at);
    const end = head?.size == null ? Number.POSITIVE_INFINITY : at + head.headBytes + head.size;
    if (!head || end > bytes.length) throw new Error('this is not WebM');
    elements.push({ id: head.id, body: bytes.subarray(at + head.headBytes, end) });
    at = end;
  }
  return elements;
}

/** The unsigned number in `bytes`, most significant byte first. */
export function readUnsigned(bytes: Buffer): number {
  return bytes.length === 0 ? 0 : readNumber(bytes, 0, bytes.length);
}

/** An element with everything that is in it. */
export function element(id: number, ...parts: readonly Buffer[]): Buffer {
  const size = parts.reduce((sum, part) => sum + part.length, 0);
  return Buffer.concat([elementHead(id, size), ...parts]);
}

/** The head of an element whose body has `size` bytes. */
export function elementHead(id: number, size: number): Buffer {
  let sizeBytes = 1;
  while (size >= 2 ** (7 * sizeBytes) - 1) sizeBytes += 1;
  return Buffer.concat([unsigned(id), sizeOf(size, sizeBytes)]);
}

/** A size written in so many bytes. */
export function sizeOf(size: number, sizeBytes: number): Buffer {
  const bytes = Buffer.alloc(sizeBytes);
  bytes.writeUIntBE(size % 2 ** 32, Math.max(0, sizeBytes - 4), Math.min(4, sizeBytes));
  if (sizeBytes > 4) bytes.writeUIntBE(Math.floor(size / 2 ** 32), 0, sizeBytes - 4);
  bytes[0] = (bytes[0] ?? 0) | (0x100 >> sizeBytes);
  return bytes;
}

/** A number in as few bytes as it takes, or in `minBytes`. */
export function unsigned(value: number, minBytes = 1): Buffer {
  let length = minBytes;
  while (value >= 2 ** (8 * length)) length += 1;
  const bytes = Buffer.alloc(length);
  for (let at = length - 1, rest = value; at >= 0; at--, rest = Math.floor(rest / 256))
    bytes[at] = rest % 256;
  return bytes;
}

/** How long the number at `offset` is, by its first byte; null if that is not there. Throws above `maxBytes`. */
function lengthAt(bytes: Buffer, offset: number, maxBytes: number): number | null {
  const first = bytes[offset];
  if (first === undefined) return null;
  const length = Math.clz32(first) - 23;
  if (length > maxBytes) throw new Error('this is not WebM');
  return length;
}

function readNumber(bytes: Buffer, offset: number, length: number): number {
  let value = 0;
  for (let at = offset; at < offset + length; at++) value = value * 256 + (bytes[at] ?? 0);
  return value;
}
