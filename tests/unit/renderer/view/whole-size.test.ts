import { describe, expect, it } from 'vitest';
import { MultipartParser } from '../../../../src-renderer/view/multipart-parser.ts';

function readSize(header: string): unknown {
  const part = `--b\r\nContent-Type: image/jpeg\r\nContent-Length: 3\r\n${header}X-Sequence: 7\r\n\r\nabc`;
  const [read] = new MultipartParser('b').push(new TextEncoder().encode(part));
  expect(read?.sequence).toBe(7);
  return read?.wholeSize;
}

describe('multipartParser', () => {
  it('reads how large the whole of a small picture is', () => {
    expect(readSize('X-Whole-Size: 1920x1080\r\n')).toEqual({ widthPx: 1920, heightPx: 1080 });
    expect(readSize('')).toBeUndefined();
    for (const wrong of ['0x5', '1920', '1920x1080x3', '999999x1', '-1x-1'])
      expect(readSize(`X-Whole-Size: ${wrong}\r\n`), wrong).toBeUndefined();
  });
});
