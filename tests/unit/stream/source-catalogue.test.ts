import { beforeEach, describe, expect, it } from 'vitest';
import { SourceCatalogue } from '../../../src-main/stream/source-catalogue.ts';
import { FakeScreenSource } from '../../fakes/fake-screen-source.ts';
import { ManualClock } from '../../fakes/manual-clock.ts';

let screen: FakeScreenSource;
let clock: ManualClock;
let catalogue: SourceCatalogue;
beforeEach(() => {
  screen = new FakeScreenSource();
  clock = new ManualClock();
  catalogue = new SourceCatalogue(screen, clock);
});

describe('sourceCatalogue', () => {
  it('lists what can be shared without taking any picture of it', async () => {
    expect(await catalogue.list()).toEqual([
      {
        id: 'screen:1:0',
        name: 'Entire screen',
        kind: 'screen',
        is_primary: true,
        thumbnail_url: '/api/screen_share/sources/screen%3A1%3A0/thumbnail',
      },
      {
        id: 'window:7:0',
        name: 'Editor',
        kind: 'window',
        is_primary: false,
        thumbnail_url: '/api/screen_share/sources/window%3A7%3A0/thumbnail',
      },
    ]);
    expect(screen.lists).toEqual([null]);
  });

  it('makes of titles what can be read safely', async () => {
    const window = { kind: 'window', is_primary: false } as const;
    screen.sources = [
      { ...window, id: 'window:1:0', name: ' Pay\u202egro.knab\u0000\n ' },
      { ...window, id: 'window:2:0', name: '\u200b' },
      { ...window, id: 'window:3:0', name: '🧭'.repeat(300) },
    ];
    expect((await catalogue.list()).map(({ name }) => name)).toEqual([
      'Paygro.knab',
      'Untitled window',
      '🧭'.repeat(200),
    ]);
  });

  it('lists no more than can be looked through', async () => {
    screen.sources = Array.from({ length: 1000 }, (_, index) => ({
      id: `window:${index}:0`,
      name: 'w',
      kind: 'window',
      is_primary: false,
    }));
    expect(await catalogue.list()).toHaveLength(200);
  });

  it('finds a source by its id, spelled as it is listed', async () => {
    expect(await catalogue.find('window:7:0')).toEqual({ id: 'window:7:0', name: 'Editor', kind: 'window' });
    await expect(catalogue.find('window:8:0')).rejects.toThrow('No screen or window of this id');
    await expect(catalogue.find('window:07:0')).rejects.toThrow('No screen or window of this id');
  });

  it('takes the pictures of all sources at once, and anew after a moment', async () => {
    const pictures = await Promise.all([
      catalogue.thumbnail('screen:1:0'),
      catalogue.thumbnail('window:7:0'),
      catalogue.thumbnail('window:7:0'),
    ]);
    expect(pictures.map(String)).toEqual(['screen:1:0', 'window:7:0', 'window:7:0']);
    expect(screen.lists).toEqual([{ widthPx: 320, heightPx: 180 }]);
    clock.advance(1499);
    await catalogue.thumbnail('screen:1:0');
    expect(screen.lists).toHaveLength(1);
    clock.advance(1);
    await catalogue.thumbnail('screen:1:0');
    expect(screen.lists).toHaveLength(2);
    await expect(catalogue.thumbnail('window:9:0')).rejects.toThrow('No screen or window of this id');
  });

  it('looks again after a look that failed', async () => {
    const { list } = screen;
    screen.list = () => Promise.reject(new Error('the display is gone'));
    await expect(catalogue.thumbnail('screen:1:0')).rejects.toThrow('the display is gone');
    screen.list = list;
    expect(String(await catalogue.thumbnail('screen:1:0'))).toBe('screen:1:0');
  });

  it('refuses without a screen', async () => {
    screen.available = false;
    await expect(catalogue.list()).rejects.toThrow('no screen');
    await expect(catalogue.thumbnail('screen:1:0')).rejects.toThrow('no screen');
  });

  it('gives no picture of what a locker covers, not even one that it has', async () => {
    await catalogue.thumbnail('window:7:0');
    const begun = catalogue.thumbnail('window:7:0');
    catalogue.setLocked(true);
    await expect(begun).rejects.toMatchObject({ code: 'source_not_found' });
    await expect(catalogue.thumbnail('window:7:0')).rejects.toMatchObject({ code: 'source_not_found' });
    expect(await catalogue.list()).toHaveLength(2);
    catalogue.setLocked(false);
    const taken = screen.lists.length;
    await catalogue.thumbnail('window:7:0');
    expect(screen.lists.length).toBe(taken + 1);
  });
});
