import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DbusFormatError } from '../../../../src-main/desktop/dbus/dbus-codec.ts';
import {
  type DbusMessage,
  decodeMessage,
  encodeMessage,
  MESSAGE_TYPES,
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
