import { mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ELEMENT, readElements, readHead, readUnsigned } from '../../../src-main/recordings/ebml.ts';
import { FilmFile } from '../../../src-main/recordings/film-file.ts';
import { SEGMENT_AT } from '../../../src-main/recordings/webm-layout.ts';
import type { FilmBlock } from '../../../src-main/recordings/webm-reader.ts';
import { FAKE_TRACKS, TRANSPARENCY } from '../../fakes/webm-stream.ts';

let folder: string;
let file: string;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'porthole-film-'));
  file = path.join(folder, 'film.webm');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Pictures ten per second, every tenth a key frame. */
function pictures(count: number, from = 0): FilmBlock[] {
  return Array.from({ length: count }, (_, index) => ({
    atMs: (from + index) * 100,
    isKey: (from + index) % 10 === 0,
    data: Buffer.alloc(500, from + index),
  }));
}

async function writeFilm(count: number): Promise<FilmFile> {
  const film = await FilmFile.create(file);
  await film.begin(FAKE_TRACKS);
  for (let from = 0; from < count; from += 5) await film.append(pictures(Math.min(5, count - from), from));
  return film;
}

/** What a player learns from a file: how long it is, the pictures' times, and where it can jump to. */
function readFilm(): { durationMs: number | null; times: number[]; jumps: number[] } {
  const bytes = readFileSync(file);
  const segment = readHead(bytes, SEGMENT_AT - 12);
  expect(segment?.id).toBe(ELEMENT.segment);
  if (segment?.size !== null) expect(segment?.size).toBe(bytes.length - SEGMENT_AT);
  let durationMs: number | null = null;
  const times: number[] = [];
  const jumps: number[] = [];
  const visit = (from: number, to: number, clusterAt: number): void => {
    let clusterMs = 0;
    for (let at = from; at < to; ) {
      const head = readHead(bytes, at);
      if (!head || head.size === null) throw new Error(`there is no element at ${at}`);
      const body = at + head.headBytes;
      const end = body + head.size;
      if (end > to) throw new Error(`the element at ${at} is cut off`);
      if (head.id === ELEMENT.duration) durationMs = bytes.readDoubleBE(body);
      if (head.id === ELEMENT.timestamp) clusterMs = readUnsigned(bytes.subarray(body, end));
      if (head.id === ELEMENT.simpleBlock) times.push(clusterMs + bytes.readInt16BE(body + 1));
      if (head.id === ELEMENT.cueClusterPosition) {
        const target = SEGMENT_AT + readUnsigned(bytes.subarray(body, end));
        expect(readHead(bytes, target)?.id).toBe(ELEMENT.cluster);
        jumps.push(target);
      }
      if (head.id === ELEMENT.seekPosition) {
        const target = SEGMENT_AT + readUnsigned(bytes.subarray(body, end));
        expect(readHead(bytes, target)?.id).toBe(ELEMENT.cues);
      }
      const isLeaf = ![
        ELEMENT.info,
        ELEMENT.cluster,
        ELEMENT.cues,
        ELEMENT.cuePoint,
        ELEMENT.cueTrackPositions,
        ELEMENT.seekHead,
        ELEMENT.seek,
      ].some((id) => id === head.id);
      if (!isLeaf) visit(body, end, head.id === ELEMENT.cluster ? at : clusterAt);
      at = end;
    }
  };
  visit(SEGMENT_AT, bytes.length, 0);
  return { durationMs, times, jumps };
}

describe('filmFile', () => {
  it('is complete once it is finished: length, jumps, and every picture', async () => {
    const film = await writeFilm(35);
    expect(await film.finish()).toBe(true);
    const { durationMs, times, jumps } = readFilm();
    expect(durationMs).toBe(3433);
    expect(film.durationMs).toBe(3433);
    expect(times).toEqual(Array.from({ length: 35 }, (_, index) => index * 100));
    expect(jumps).toHaveLength(4);
    expect(statSync(file).size).toBe(film.bytes);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it('keeps what its track is, and announces no transparency, which there is none of', async () => {
    const film = await writeFilm(1);
    await film.finish();
    const find = (body: Buffer, id: number): Buffer =>
      readElements(body).find((part) => part.id === id)?.body ?? Buffer.alloc(0);
    const tracks = find(readFileSync(file).subarray(SEGMENT_AT), ELEMENT.tracks);
    const track = find(tracks, ELEMENT.trackEntry);
    const video = find(track, ELEMENT.video);
    expect(find(track, ELEMENT.codecId).toString()).toBe('V_VP9');
    expect(readUnsigned(find(track, ELEMENT.trackUid))).toBe(77);
    expect(readUnsigned(find(track, ELEMENT.trackType))).toBe(1);
    expect(readUnsigned(find(video, ELEMENT.pixelWidth))).toBe(1280);
    expect(readUnsigned(find(video, ELEMENT.pixelHeight))).toBe(720);
    const said = [...readElements(track), ...readElements(video)].map(({ id }) => id);
    expect(said.filter((id) => TRANSPARENCY.some((other) => other === id))).toEqual([]);
  });

  it('plays as it is on disk before it is finished', async () => {
    const film = await writeFilm(12);
    expect(readFilm()).toMatchObject({ durationMs: null, times: { length: 12 }, jumps: [] });
    await film.finish();
  });

  it('is finished after a crash, wherever that cut it off', async () => {
    const unfinished = await writeFilm(22);
    const whole = readFileSync(file);
    await unfinished.finish();
    const lost = new Set<number>();
    for (let bytes = SEGMENT_AT; bytes <= whole.length; bytes += 211) {
      writeFileSync(file, whole);
      truncateSync(file, bytes);
      const film = await FilmFile.reopen(file);
      const hasPicture = await film.finish();
      if (!hasPicture) continue;
      const { durationMs, times } = readFilm();
      expect(durationMs).toBe((times.at(-1) ?? 0) + 33);
      lost.add(22 - times.length);
    }
    // Up to a whole cluster, never more than was cut.
    expect(lost).toContain(2);
    expect(lost.has(22)).toBe(false);
  });

  it('can be finished again, after a crash right before its recording was ended', async () => {
    const film = await writeFilm(20);
    await film.finish();
    const once = readFileSync(file);
    const again = await FilmFile.reopen(file);
    expect(await again.finish()).toBe(true);
    expect(readFileSync(file)).toEqual(once);
  });

  it('says that there is nothing in it where there is nothing in it', async () => {
    expect(await (await FilmFile.create(file)).finish()).toBe(false);
    writeFileSync(file, 'something else');
    expect(await (await FilmFile.reopen(file)).finish()).toBe(false);
    await expect(FilmFile.create(file)).rejects.toMatchObject({ code: 'EEXIST' });
  });
});
