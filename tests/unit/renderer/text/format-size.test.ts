import { describe, expect, it } from 'vitest';
import { formatSize } from '../../../../src-renderer/text/format-size.ts';

describe('formatSize', () => {
  it.each([
    [0, '0 KB'],
    [499, '0 KB'],
    [940_000, '940 KB'],
    [999_400, '999 KB'],
    [999_600, '1 MB'],
    [12_444_000, '12.4 MB'],
    [1_500_000_000, '1.5 GB'],
    [10_000_000_000, '10 GB'],
    [123_000_000_000_000_000, '123,000 TB'],
  ])('%d bytes are %s', (bytes, text) => {
    expect(formatSize(bytes)).toBe(text);
  });
});
