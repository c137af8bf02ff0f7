import {
  contentOf,
  DbusFormatError,
  type DbusValue,
  decodeValues,
  encodeValues,
  listOf,
} from './dbus-codec.ts';

/** What a message is for, as numbered on the wire. */
export const MESSAGE_TYPES = { call: 1, reply: 2, error: 3, signal: 4 } as const;

/** The parts of a message's head that are text, by their number on the wire, with their types. */
const TEXT_FIELDS = {
  path: [1, 'o'],
  interface: [2, 's'],
  member: [3, 's'],
  errorName: [4, 's'],
  destination: [6, 's'],
  sender: [7, 's'],
  signature: [8, 'g'],
} as const;
const REPLY_SERIAL_FIELD = 5;

type TextField = keyof typeof TEXT_FIELDS;

/** One message; which fields it has depends on its type. The sender's name is the bus's own word. */
export type DbusMessage = { readonly [F in TextField]?: string } & {
  readonly type: number;
  readonly serial: number;
  /** Of a reply: the call that it answers. */
  readonly replySerial?: number;
  readonly body: readonly DbusValue[];
};

// Up to the length of the head's fields.
const FIXED_HEAD_BYTES = 16;
/** The bus itself lets no longer message through. */
const LONGEST_MESSAGE_BYTES = 128 * 1024 * 1024;
const PROTOCOL_VERSION = 1;
const NO_FLAGS = 0;

/** A message on the wire. https://dbus.freedesktop.org/doc/dbus-specification.html#message-protocol-messages */
export function encodeMessage(message: DbusMessage): Buffer {
  const body = encodeValues(message.signature ?? '', message.body);
  const fields: DbusValue[] = [];
  for (const [name, [code, signature]] of Object.entries(TEXT_FIELDS)) {
    const value = message[name as TextField];
    if (value !== undefined && value !== '') fields.push([code, { signature, value }]);
  }
  if (message.replySerial !== undefined) {
    fields.push([REPLY_SERIAL_FIELD, { signature: 'u', value: message.replySerial }]);
  }
  const fixed = ['l'.charCodeAt(0), message.type, NO_FLAGS, PROTOCOL_VERSION, body.length, message.serial];
  const head = encodeValues('yyyyuua(yv)', [...fixed, fields]);
  return Buffer.concat([head, Buffer.alloc(paddingTo8(head.length)), body]);
}

/**
 * Takes the bytes of a bus apart into messages, however they were cut on their way. Those above `maxBytes` are passed
 * over: anybody on a bus can send one. Nothing is copied twice, be each byte a piece of its own.
 */
export class MessageSplitter {
  readonly #maxBytes: number;
  #pieces: Buffer[] = [];
  #bytes = 0;
  /** Of the message that has begun; null while too little of it is there to tell. */
  #wanted: number | null = null;
  /** What is still to come of one that is passed over. */
  #toPass = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** The messages that are complete with these bytes. Throws {@link DbusFormatError} if there can be none. */
  *push(piece: Buffer): Iterable<Buffer> {
    const passed = Math.min(this.#toPass, piece.length);
    this.#toPass -= passed;
    this.#pieces.push(piece.subarray(passed));
    this.#bytes += piece.length - passed;
    while (this.#bytes >= (this.#wanted ?? FIXED_HEAD_BYTES)) {
      const all = this.#join();
      const wanted = this.#wanted ?? measureMessage(all, LONGEST_MESSAGE_BYTES);
      if (wanted === null) return;
      if (wanted > this.#maxBytes) {
        this.#toPass = Math.max(0, wanted - all.length);
        this.#keep(all.subarray(wanted));
      } else if (all.length < wanted) {
        this.#wanted = wanted;
      } else {
        this.#keep(all.subarray(wanted));
        yield all.subarray(0, wanted);
      }
    }
  }

  #join(): Buffer {
    const [first, ...others] = this.#pieces;
    const all = first && others.length === 0 ? first : Buffer.concat(this.#pieces);
    this.#pieces = [all];
    return all;
  }

  /** What is behind a message: the next one begins there. */
  #keep(rest: Buffer): void {
    this.#pieces = [rest];
    this.#bytes = rest.length;
    this.#wanted = null;
  }
}

/**
 * How long the message at the start of `bytes` is, or null while too little of it is there to tell. Throws
 * {@link DbusFormatError} if it is longer than `maxBytes` or no message at all.
 */
export function measureMessage(bytes: Buffer, maxBytes: number): number | null {
  if (bytes.length < FIXED_HEAD_BYTES) return null;
  const isLittleEndian = readEndianness(bytes);
  const read = (at: number): number => (isLittleEndian ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at));
  const headBytes = FIXED_HEAD_BYTES + read(12);
  const length = headBytes + paddingTo8(headBytes) + read(4);
  if (length > maxBytes) throw new DbusFormatError(`a message of ${length} bytes is too long`);
  return length;
}

/**
 * The message in `bytes`, which must hold it whole and nothing else. Throws {@link DbusFormatError}; also for a body
 * of types that are not needed here.
 */
export function decodeMessage(bytes: Buffer): DbusMessage {
  const isLittleEndian = readEndianness(bytes);
  const { values, end } = decodeValues('yyyyuua(yv)', bytes, isLittleEndian);
  const [, type, , , bodyBytes, serial, fields] = values;
  if (typeof type !== 'number' || typeof serial !== 'number' || typeof bodyBytes !== 'number') {
    throw new DbusFormatError('no head');
  }
  const head = new Map<DbusValue | undefined, DbusValue>();
  for (const field of listOf(fields)) {
    const [code, variant] = listOf(field);
    head.set(code, contentOf(variant));
  }
  const texts: { [F in TextField]?: string } = {};
  for (const [name, [code]] of Object.entries(TEXT_FIELDS)) {
    const value = head.get(code);
    if (typeof value === 'string') texts[name as TextField] = value;
  }
  const replySerial = head.get(REPLY_SERIAL_FIELD);
  const body = bytes.subarray(end + paddingTo8(end));
  if (body.length !== bodyBytes) throw new DbusFormatError('the body is of another length');
  return {
    type,
    serial,
    ...texts,
    ...(typeof replySerial === 'number' ? { replySerial } : {}),
    body: decodeValues(texts.signature ?? '', body, isLittleEndian).values,
  };
}

function readEndianness(bytes: Buffer): boolean {
  const mark = String.fromCharCode(bytes[0] ?? 0);
  if (mark !== 'l' && mark !== 'B') throw new DbusFormatError('no message begins here');
  return mark === 'l';
}

function paddingTo8(length: number): number {
  return (8 - (length % 8)) % 8;
}
