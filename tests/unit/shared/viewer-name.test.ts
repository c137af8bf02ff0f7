import { describe, expect, it } from 'vitest';
import { nameViewer, nameViewerToAll } from '../../../src-shared/viewer-name.ts';

const OWN = { name: null, isOwn: true, userAgent: 'Mozilla/5.0 (X11; Linux)', address: '::1' };

describe('nameViewer', () => {
  it.each([
    [OWN, 'you, in a browser', 'A browser of the person at this machine'],
    [{ ...OWN, userAgent: 'curl/8.0' }, 'you, with a program', 'A program of the person at this machine'],
    [{ ...OWN, userAgent: null }, 'you, with a program', 'A program of the person at this machine'],
    [{ ...OWN, isOwn: false, name: 'Ann' }, 'Ann', 'Ann'],
    [{ ...OWN, isOwn: false, address: '192.0.2.7' }, '192.0.2.7', '192.0.2.7'],
  ])('names %j to the person and to all', (viewer, toPerson, toAll) => {
    expect(nameViewer(viewer)).toBe(toPerson);
    expect(nameViewerToAll(viewer)).toBe(toAll);
  });
});
