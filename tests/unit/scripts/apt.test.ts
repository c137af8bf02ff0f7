import { describe, expect, it } from 'vitest';
import { parseAptProgress } from '../../../scripts/apt.mjs';

describe('parseAptProgress', () => {
  it('reads how far the download is', () => {
    expect(parseAptProgress('dlstatus:3:41.6:Retrieving file 3 of 90')).toBe('downloaded 42 %');
  });

  it('reads how far the installation is', () => {
    expect(parseAptProgress('pmstatus:libgtk-3-0:7.2:Unpacking libgtk-3-0 (amd64)')).toBe('installed 7 %');
  });

  it.each(['Setting up libgtk-3-0', 'pmerror:x:1.0:broken', 'pmstatus:', ''])('ignores "%s"', (line) => {
    expect(parseAptProgress(line)).toBeUndefined();
  });
});
