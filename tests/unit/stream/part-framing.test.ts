import { describe, expect, it } from 'vitest';
import {
  BROWSER_FRAMING,
  BYTES_FRAMING,
  FIREFOX_FRAMING,
  framingFor,
  STANDARD_FRAMING,
} from '../../../src-main/stream/part-framing.ts';

const CHROME =
  'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36';
const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';
const SAFARI =
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/605.1.15';
const IMAGE = 'image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8';
const PAGE =
  'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8';

describe('framingFor', () => {
  it.each([
    ['an image in Chromium', CHROME, IMAGE, BROWSER_FRAMING],
    ['a tab of Chromium', CHROME, PAGE, BROWSER_FRAMING],
    [
      'an image in Chromium without a window',
      CHROME.replace('Chrome/', 'HeadlessChrome/'),
      IMAGE,
      BROWSER_FRAMING,
    ],
    ['a script in Chromium', CHROME, '*/*', STANDARD_FRAMING],
    ['our page in Chromium', CHROME, 'application/octet-stream', BYTES_FRAMING],
    ['our page in Safari', SAFARI, 'application/octet-stream', BYTES_FRAMING],
    [
      'an image in Firefox',
      FIREFOX,
      'image/avif,image/webp,image/png,image/*;q=0.8,*/*;q=0.5',
      FIREFOX_FRAMING,
    ],
    ['a tab of Firefox', FIREFOX, 'text/html,application/xhtml+xml,*/*;q=0.8', FIREFOX_FRAMING],
    ['a script in Firefox', FIREFOX, '*/*', STANDARD_FRAMING],
    ['an image in Safari', SAFARI, IMAGE, STANDARD_FRAMING],
    ['a player', 'VLC/3.0.21 LibVLC/3.0.21', undefined, STANDARD_FRAMING],
    ['a program that says nothing of itself', undefined, undefined, STANDARD_FRAMING],
  ])('knows what %s needs', (_who, userAgent, accept, framing) => {
    expect(framingFor({ 'user-agent': userAgent, accept })).toBe(framing);
  });
});
