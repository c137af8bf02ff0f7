import { describe, expect, it } from 'vitest';
import {
  chooseCandidates,
  LIBRARY_PACKAGES,
  parseMissingLibraries,
} from '../../../scripts/debian-packages.mjs';

const LDD_OUTPUT = `	linux-vdso.so.1 (0x00007ff06db7c000)
	libffmpeg.so => /cache/electron/libffmpeg.so (0x00007ff06d800000)
	libgtk-3.so.0 => not found
	libnss3.so => not found
	libc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x00007ff06d61e000)
	libgtk-3.so.0 => not found
`;

describe('parseMissingLibraries', () => {
  it('names each missing library once', () => {
    expect(parseMissingLibraries(LDD_OUTPUT)).toEqual(['libgtk-3.so.0', 'libnss3.so']);
  });

  it('finds none where all are there', () => {
    expect(parseMissingLibraries('\tlibc.so.6 => /lib/libc.so.6 (0x1)\n')).toEqual([]);
    expect(parseMissingLibraries('\tnot a dynamic executable\n')).toEqual([]);
  });
});

describe('LIBRARY_PACKAGES', () => {
  it('knows every library that Electron links beyond the C library', () => {
    const linked =
      'libglib-2.0.so.0 libgobject-2.0.so.0 libgio-2.0.so.0 libnss3.so libnssutil3.so libsmime3.so libnspr4.so ' +
      'libdbus-1.so.3 libatk-1.0.so.0 libatk-bridge-2.0.so.0 libcups.so.2 libdrm.so.2 libgtk-3.so.0 ' +
      'libpango-1.0.so.0 libcairo.so.2 libX11.so.6 libXcomposite.so.1 libXdamage.so.1 libXext.so.6 ' +
      'libXfixes.so.3 libXrandr.so.2 libgbm.so.1 libexpat.so.1 libxcb.so.1 libxkbcommon.so.0 libudev.so.1 ' +
      'libasound.so.2 libatspi.so.0 libgcc_s.so.1';
    expect(linked.split(' ').filter((library) => LIBRARY_PACKAGES[library] === undefined)).toEqual([]);
  });
});

describe('chooseCandidates', () => {
  const policy = `libasound2:
  Installed: (none)
  Candidate: (none)
  Version table:
libasound2t64:
  Installed: (none)
  Candidate: 1.2.11-1
  Version table:
     1.2.11-1 500
libnss3:
  Installed: 2:3.87.1-1
  Candidate: 2:3.87.1-1
  Version table:
`;

  it('takes the first name that has a candidate', () => {
    expect(chooseCandidates([['libasound2', 'libasound2t64'], ['libnss3']], policy)).toEqual({
      packages: ['libasound2t64', 'libnss3'],
      unknown: [],
    });
  });

  it('tells names that apt does not know from those it does', () => {
    expect(chooseCandidates([['no-such-package'], ['libnss3']], policy)).toEqual({
      packages: ['libnss3'],
      unknown: ['no-such-package'],
    });
  });

  it('names a package once that several libraries need', () => {
    expect(chooseCandidates([['libnss3'], ['libnss3']], policy).packages).toEqual(['libnss3']);
  });

  it('knows none before the package lists were fetched', () => {
    expect(chooseCandidates([['libnss3'], ['libnss3']], '')).toEqual({ packages: [], unknown: ['libnss3'] });
  });
});
