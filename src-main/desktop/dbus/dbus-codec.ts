/** A value of any type, with the signature that says which. */
export interface DbusVariant {
  readonly signature: string;
  readonly value: DbusValue;
}

/**
 * A D-Bus value as it is here: numbers, booleans and strings as themselves; arrays, structs and the entries of
 * dictionaries as arrays.
 */
export type DbusValue = number | boolean | string | DbusVariant | readonly DbusValue[];

/** Bytes or values that do not follow the D-Bus format, or use a part of it that is not needed here. */
export class DbusFormatError extends Error {
  override readonly name = 'DbusFormatError';
}

// The bus's own limit is 64 levels; nothing that we read comes near it.
const MAX_DEPTH = 16;

/**
 * The complete types of a signature, in order: `sa{sv}` has two. Throws {@link DbusFormatError} for a signature that
 * is broken or names a type besides `ybiusogv` and the containers.
 */
export function splitSignature(signature: string): string[] {
  const types: string[] = [];
  for (let at = 0; at < signature.length; ) {
    const end = endOfType(signature, at, 0);
    types.push(signature.slice(at, end));
    at = end;
  }
  return types;
}

function endOfType(signature: string, at: number, depth: number): number {
  if (depth > MAX_DEPTH) throw new DbusFormatError('types are nested too deep');
  const code = signature[at];
  if (code === 'a') return endOfType(signature, at + 1, depth + 1);
  if (code === '(' || code === '{') {
    const close = code === '(' ? ')' : '}';
    let end = at + 1;
    while (signature[end] !== close) end = endOfType(signature, end, depth + 1);
    if (end === at + 1) throw new DbusFormatError('a struct is empty');
    return end + 1;
  }
  if (code !== undefined && 'ybiusogv'.includes(code)) return at + 1;
  throw new DbusFormatError(`no type at ${at} of ${JSON.stringify(signature)}`);
}

/** To what multiple of bytes, from the start of its message, a value of this type is aligned. */
function alignmentOf(type: string): number {
  switch (type[0]) {
    case 'y':
    case 'g':
    case 'v':
      return 1;
    case '(':
    case '{':
      return 8;
    default:
      return 4;
  }
}

/**
 * `values` in the D-Bus wire format, little-endian, one for each complete type of `signature`, aligned as if they
 * began a message.
 */
export function encodeValues(signature: string, values: readonly DbusValue[]): Buffer {
  const writer = new Writer();
  writer.writeAll(splitSignature(signature), values);
  return writer.toBuffer();
}

class Writer {
  #bytes = Buffer.alloc(256);
  #length = 0;

  toBuffer(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  writeAll(types: readonly string[], values: readonly DbusValue[]): void {
    if (types.length !== values.length) {
      throw new DbusFormatError(`${types.length} values are needed, ${values.length} were given`);
    }
    for (const [index, type] of types.entries()) this.#write(type, values[index]);
  }

  #write(type: string, value: DbusValue | undefined): void {
    this.#align(alignmentOf(type));
    switch (type[0]) {
      case 'y':
        this.#take(1).writeUInt8(numberOf(value));
        return;
      case 'b':
        this.#take(4).writeUInt32LE(value === true ? 1 : 0);
        return;
      case 'i':
        this.#take(4).writeInt32LE(numberOf(value));
        return;
      case 'u':
        this.#take(4).writeUInt32LE(numberOf(value));
        return;
      case 's':
      case 'o':
        this.#writeText(textOf(value), 4);
        return;
      case 'g':
        this.#writeText(textOf(value), 1);
        return;
      case 'v':
        this.#writeVariant(value);
        return;
      case 'a':
        this.#writeArray(type.slice(1), listOf(value));
        return;
      default:
        this.writeAll(splitSignature(type.slice(1, -1)), listOf(value));
    }
  }

  #writeText(text: string, lengthBytes: 1 | 4): void {
    if (text.includes('\0')) throw new DbusFormatError('texts cannot hold NUL');
    const encoded = Buffer.from(text, 'utf8');
    if (lengthBytes === 4) this.#take(4).writeUInt32LE(encoded.length);
    else this.#take(1).writeUInt8(encoded.length);
    encoded.copy(this.#take(encoded.length + 1));
  }

  #writeVariant(value: DbusValue | undefined): void {
    const variant = variantOf(value);
    const [type, ...rest] = splitSignature(variant.signature);
    if (type === undefined || rest.length > 0) throw new DbusFormatError('a variant holds one value');
    this.#writeText(type, 1);
    this.#write(type, variant.value);
  }

  #writeArray(type: string, values: readonly DbusValue[]): void {
    const lengthAt = this.#length;
    this.#take(4);
    // The length leaves out the padding before the first element.
    this.#align(alignmentOf(type));
    const start = this.#length;
    for (const value of values) this.#write(type, value);
    this.#bytes.writeUInt32LE(this.#length - start, lengthAt);
  }

  #align(multiple: number): void {
    this.#take((multiple - (this.#length % multiple)) % multiple);
  }

  /** The next `count` bytes, zeroed. Valid until more are taken. */
  #take(count: number): Buffer {
    const start = this.#length;
    this.#length += count;
    if (this.#length > this.#bytes.length) {
      const larger = Buffer.alloc(this.#length * 2);
      this.#bytes.copy(larger);
      this.#bytes = larger;
    }
    return this.#bytes.subarray(start, this.#length);
  }
}

function numberOf(value: DbusValue | undefined): number {
  if (typeof value === 'number') return value;
  throw new DbusFormatError('not a number');
}

function textOf(value: DbusValue | undefined): string {
  if (typeof value === 'string') return value;
  throw new DbusFormatError('not a text');
}

/** `value` as an array, struct or entry. Throws {@link DbusFormatError} if it is none. */
export function listOf(value: DbusValue | undefined): readonly DbusValue[] {
  if (typeof value === 'object' && !('signature' in value)) return value;
  throw new DbusFormatError('not a list');
}

/** What the variant `value` holds. Throws {@link DbusFormatError} if it is none. */
export function contentOf(value: DbusValue | undefined): DbusValue {
  return variantOf(value).value;
}

function variantOf(value: DbusValue | undefined): DbusVariant {
  if (typeof value === 'object' && 'signature' in value) return value;
  throw new DbusFormatError('not a variant');
}

/** Values that were read, and where in the bytes they ended. */
export interface DecodedValues {
  readonly values: DbusValue[];
  readonly end: number;
}

/**
 * The values of `signature` at the start of `bytes`. Throws {@link DbusFormatError} if the bytes are too few or do
 * not follow the format.
 */
export function decodeValues(signature: string, bytes: Buffer, isLittleEndian: boolean): DecodedValues {
  const reader = new Reader(bytes, isLittleEndian);
  const values = splitSignature(signature).map((type) => reader.read(type, 0));
  return { values, end: reader.at };
}

class Reader {
  readonly #bytes: Buffer;
  readonly #isLittleEndian: boolean;
  at = 0;

  constructor(bytes: Buffer, isLittleEndian: boolean) {
    this.#bytes = bytes;
    this.#isLittleEndian = isLittleEndian;
  }

  read(type: string, depth: number): DbusValue {
    if (depth > MAX_DEPTH) throw new DbusFormatError('values are nested too deep');
    this.#align(alignmentOf(type));
    switch (type[0]) {
      case 'y':
        return this.#take(1).readUInt8();
      case 'b':
        return this.#readUint32() !== 0;
      case 'i':
        return this.#readUint32() | 0;
      case 'u':
        return this.#readUint32();
      case 's':
      case 'o':
        return this.#readText(this.#readUint32());
      case 'g':
        return this.#readText(this.#take(1).readUInt8());
      case 'v':
        return this.#readVariant(depth);
      case 'a':
        return this.#readArray(type.slice(1), depth);
      default:
        return splitSignature(type.slice(1, -1)).map((member) => this.read(member, depth + 1));
    }
  }

  #readUint32(): number {
    const bytes = this.#take(4);
    return this.#isLittleEndian ? bytes.readUInt32LE() : bytes.readUInt32BE();
  }

  #readText(length: number): string {
    const bytes = this.#take(length + 1);
    if (bytes[length] !== 0) throw new DbusFormatError('a text has no end');
    return bytes.toString('utf8', 0, length);
  }

  #readVariant(depth: number): DbusVariant {
    const signature = this.#readText(this.#take(1).readUInt8());
    const [type, ...rest] = splitSignature(signature);
    if (type === undefined || rest.length > 0) throw new DbusFormatError('a variant holds one value');
    return { signature, value: this.read(type, depth + 1) };
  }

  #readArray(type: string, depth: number): DbusValue[] {
    const length = this.#readUint32();
    this.#align(alignmentOf(type));
    const end = this.at + length;
    if (end > this.#bytes.length) throw new DbusFormatError('an array is longer than its message');
    const values: DbusValue[] = [];
    while (this.at < end) values.push(this.read(type, depth + 1));
    if (this.at !== end) throw new DbusFormatError('an array ends within an element');
    return values;
  }

  #align(multiple: number): void {
    this.#take((multiple - (this.at % multiple)) % multiple);
  }

  #take(count: number): Buffer {
    const end = this.at + count;
    if (end > this.#bytes.length) throw new DbusFormatError('the message is cut off');
    const bytes = this.#bytes.subarray(this.at, end);
    this.at = end;
    return bytes;
  }
}
