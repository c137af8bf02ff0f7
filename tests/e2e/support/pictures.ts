import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { runProgram } from './child-process.ts';

/**
 * How alike two PNG or JPEG pictures are: the structural similarity over all channels, 1 for equal ones. The second
 * is scaled to the first one's size before.
 */
export function measureSimilarity(picture: Buffer, reference: Buffer): number {
  const folder = mkdtempSync(path.join(tmpdir(), 'porthole-pictures-'));
  try {
    const files = [picture, reference].map((content, index) => {
      const file = path.join(folder, `${index}`);
      writeFileSync(file, content);
      return file;
    });
    const [first = '', second = ''] = files;
    const filter =
      '[1:v][0:v]scale2ref=flags=area[b][a];[a]format=yuv420p[c];[b]format=yuv420p[d];[c][d]ssim';
    const run = spawnSync('ffmpeg', [
      '-hide_banner',
      '-i',
      first,
      '-i',
      second,
      '-lavfi',
      filter,
      '-f',
      'null',
      '-',
    ]);
    const all = /All:([\d.]+)/.exec(run.stderr.toString())?.[1];
    if (all === undefined) throw new Error(`ffmpeg could not compare: ${run.stderr.toString()}`);
    return Number(all);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Where to look at a picture: all of it, or three pixels along an edge. */
export type PicturePart = 'all' | 'right' | 'bottom';

const CROPS: Readonly<Record<PicturePart, readonly string[]>> = {
  all: [],
  right: ['-gravity', 'East', '-crop', '3x50%+0+0', '+repage'],
  bottom: ['-gravity', 'South', '-crop', '50%x3+0+0', '+repage'],
};

/** The mean colour of a PNG or JPEG picture: red, green and blue from 0 to 255. */
export function meanColour(picture: Buffer, part: PicturePart = 'all'): readonly number[] {
  const args = ['-', ...CROPS[part], '-scale', '1x1!', '-depth', '8', 'rgb:-'];
  return [...runProgram('convert', args, process.env, picture)];
}

/** Whether two colours differ by less than 40 in each channel. */
export function isAlike(one: readonly number[], other: readonly number[]): boolean {
  return one.length === 3 && one.every((value, channel) => Math.abs(value - (other[channel] ?? -1000)) < 40);
}
