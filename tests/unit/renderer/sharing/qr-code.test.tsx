// @vitest-environment happy-dom
import { cleanup, render, screen } from '@testing-library/react';
import jsQR from 'jsqr';
import { afterEach, describe, expect, it } from 'vitest';
import { QrCode } from '../../../../src-renderer/sharing/qr-code.tsx';

const SCALE = 4;

/** What a reader makes of the code that is on the page, drawn at four pixels a module. */
function readCode(): string | undefined {
  const code = screen.getByRole('img');
  const size = Number(code.getAttribute('viewBox')?.split(' ')[2]);
  const widthPx = size * SCALE;
  const pixels = new Uint8ClampedArray(widthPx * widthPx * 4).fill(255);
  for (const [, x, y] of (code.querySelector('path')?.getAttribute('d') ?? '').matchAll(/M(\d+) (\d+)/g)) {
    for (let row = 0; row < SCALE; row += 1) {
      const from = ((Number(y) * SCALE + row) * widthPx + Number(x) * SCALE) * 4;
      for (let at = from; at < from + SCALE * 4; at += 1) if (at % 4 !== 3) pixels[at] = 0;
    }
  }
  return jsQR(pixels, widthPx, widthPx)?.data;
}

afterEach(cleanup);

describe('QrCode', () => {
  it.each([
    ['a link', `http://192.168.1.20:8000/view/screen_5f6a7b8c?key=${'Az09-_'.repeat(8)}`],
    ['a link to a host of the longest name', `https://${'a'.repeat(63)}.${'b'.repeat(60)}.example/view/x`],
  ])('can be read back as %s', (_what, text) => {
    render(<QrCode text={text} label="QR code" />);
    expect(readCode()).toBe(text);
  });

  it('leaves the margin that readers need', () => {
    render(<QrCode text="x" label="QR code" />);
    const outline = screen.getByRole('img').querySelector('path')?.getAttribute('d') ?? '';
    const starts = [...outline.matchAll(/M(\d+) (\d+)/g)].flatMap(([, x, y]) => [Number(x), Number(y)]);
    expect(Math.min(...starts)).toBe(4);
  });
});
