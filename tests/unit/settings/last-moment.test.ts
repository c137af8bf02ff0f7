import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { noteLastMoment, readLastMoment } from '../../../src-main/settings/last-moment.ts';

it('is a whole number of milliseconds, whatever the file system counts in, and nothing where there is no file', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'porthole-moment-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const file = path.join(folder, 'alive.json');
  noteLastMoment(file);
  expect(readLastMoment(file)).toBeNull();
  writeFileSync(file, '{}');
  utimesSync(file, 1_700_000_000.123_456, 1_700_000_000.123_456);
  expect(readLastMoment(file)).toBe(1_700_000_000_123);
  const beforeMs = Date.now();
  noteLastMoment(file);
  expect(readLastMoment(file)).toBeGreaterThanOrEqual(beforeMs - 1);
});
