import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const css = readFileSync(new URL('../../../../src-renderer/styles/tokens.css', import.meta.url), 'utf8');
const [lightCss = '', darkCss = ''] = css.split('@media (prefers-color-scheme: dark)');

function readColours(source: string): Map<string, string> {
  return new Map(
    [...source.matchAll(/--([\w-]+): (#[0-9a-f]{6});/g)].map(([, name = '', value = '']) => [name, value]),
  );
}

const light = readColours(lightCss);
const dark = new Map([...light, ...readColours(darkCss)]);

/** WCAG 2.2, relative luminance. */
function luminance(hex: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const channel = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(one: string, other: string): number {
  const [lighter = 0, darker = 0] = [luminance(one), luminance(other)].sort((a, b) => b - a);
  return (lighter + 0.05) / (darker + 0.05);
}

const TEXT = 4.5;
const SHAPE = 3;

describe.each([
  ['light', light],
  ['dark', dark],
])('tokens.css, %s', (_, colours) => {
  const get = (name: string): string => {
    const value = colours.get(name);
    if (value === undefined) throw new Error(`--${name} is no six-digit colour`);
    return value;
  };

  it.each([
    ['text', 'page', TEXT],
    ['text', 'surface', TEXT],
    ['text', 'surface-sunken', TEXT],
    ['text-muted', 'page', TEXT],
    ['text-muted', 'surface', TEXT],
    ['text-muted', 'surface-sunken', TEXT],
    ['link', 'surface', TEXT],
    ['on-off', 'off', TEXT],
    ['on-off', 'off-hover', TEXT],
    ['on-pending', 'pending', TEXT],
    ['on-pending', 'pending-hover', TEXT],
    ['on-on', 'on', TEXT],
    ['on-on', 'on-hover', TEXT],
    ['on-primary', 'primary', TEXT],
    ['on-primary', 'primary-hover', TEXT],
    ['on-danger', 'danger', TEXT],
    ['on-danger', 'danger-hover', TEXT],
    ['error', 'surface', TEXT],
    ['error', 'error-surface', TEXT],
    ['text', 'error-surface', TEXT],
    ['warning', 'warning-surface', TEXT],
    ['warning', 'surface', TEXT],
    ['good', 'surface', TEXT],
    ['focus', 'page', SHAPE],
    ['focus', 'surface', SHAPE],
    ['line-strong', 'surface', SHAPE],
    ['line-strong', 'surface-sunken', SHAPE],
    ['on', 'surface', SHAPE],
    ['pending', 'on-pending', SHAPE],
    ['danger', 'surface', SHAPE],
  ])('tells %s from %s by at least %d:1', (front, back, ratio) => {
    expect(contrast(get(front), get(back))).toBeGreaterThanOrEqual(ratio);
  });
});
