import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DbusFormatError } from '../../../../src-main/desktop/dbus/dbus-codec.ts';
import {
  type DbusMessage,
  decodeMessage,
  encodeMessage,
  MESSAGE_TYPES,
  MessageSplitter,
  measureMessage,
} from '../../../../src-main/desktop/dbus/dbus-message.ts';

const name = fc.stringMatching(/^[a-z]{1,20}$/);
const message: fc.Arbitrary<DbusMessage> = fc.record(
  {
    type: fc.constantFrom(...Object.values(MESSAGE_TYPES)),
    serial: fc.integer({ min: 1, max: 0xffffffff }),
    path: name.map((value) => `/${value}`),
    interface: name,
    member: name,
    errorName: name,
    destination: name,
    sender: name,
    replySerial: fc.nat(0xffffffff),
    signature: fc.constant('sau'),
    body: fc.constant(['text', [1, 2, 3]]),
  },
  { requiredKeys: ['type', 'serial', 'signature', 'body'] },
);

describe('a message', () => {
  it('is read as it was written', () => {
    fc.assert(
      fc.property(message, (original) => {
        const bytes = encodeMessage(original);
        expect(measureMessage(bytes, 10_000)).toBe(bytes.length);
        expect(decodeMessage(bytes)).toEqual(original);
      }),
    );
  });

  it('is measured by its first bytes alone, whatever follows it', () => {
    const bytes = encodeMessage({ type: 1, serial: 7, member: 'Hello', body: [] });
    expect(measureMessage(bytes.subarray(0, 15), 10_000)).toBeNull();
    expect(measureMessage(bytes.subarray(0, 16), 10_000)).toBe(bytes.length);
    expect(measureMessage(Buffer.concat([bytes, bytes]), 10_000)).toBe(bytes.length);
  });

  it('is refused if it is too long or none', () => {
    const bytes = encodeMessage({ type: 1, serial: 7, member: 'Hello', body: [] });
    expect(() => measureMessage(bytes, bytes.length - 1)).toThrow(DbusFormatError);
    expect(() => measureMessage(Buffer.from('HTTP/1.1 400 Bad'), 10_000)).toThrow(DbusFormatError);
    bytes.writeUInt32LE(8, 4);
    expect(() => decodeMessage(bytes)).toThrow(DbusFormatError);
  });
});

describe('messageSplitter', () => {
  /** What comes of `bytes` in pieces of these sizes, by turns. */
  const split = (bytes: Buffer, sizes: readonly number[], maxBytes: number): Buffer[] => {
    const splitter = new MessageSplitter(maxBytes);
    const messages: Buffer[] = [];
    for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
      const size = sizes[turn % sizes.length] ?? 1;
      messages.push(...splitter.push(bytes.subarray(at, at + size)));
      at += size;
    }
    return messages;
  };

  it('finds each message, however they are cut, and passes over those that are too long', () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(fc.array(fc.tuple(message, fc.boolean()), { maxLength: 6 }), sizes, (all, pieces) => {
        const maxBytes = 1000;
        const wire = all.map(([original, isLong]) =>
          encodeMessage(isLong ? { ...original, body: ['x'.repeat(maxBytes), []] } : original),
        );
        const wanted = all.filter(([, isLong]) => !isLong).map(([original]) => original);
        expect(split(Buffer.concat(wire), pieces, maxBytes).map(decodeMessage)).toEqual(wanted);
      }),
    );
  });

  it('throws for what is no bus', () => {
    expect(() => split(Buffer.from('HTTP/1.1 400 Bad'), [1], 1000)).toThrow(DbusFormatError);
    // Longer than the bus itself lets through.
    const endless = Buffer.from('l\x01\0\x01\xff\xff\xff\x7f\x01\0\0\0\0\0\0\0', 'latin1');
    expect(() => split(endless, [16], 1000)).toThrow(DbusFormatError);
  });
});
