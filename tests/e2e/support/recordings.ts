import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Page } from 'playwright-core';
import type { Recording } from '../../../src-shared/recordings.ts';
import { callApi } from './api-client.ts';

/** What ffprobe tells of a recording. */
export interface ProbedFilm {
  readonly codec: string;
  readonly widthPx: number;
  readonly heightPx: number;
  /** Null where the file does not say. */
  readonly durationSeconds: number | null;
  /** When each picture is shown, in seconds. */
  readonly times: readonly number[];
}

/** Fetches a recording and has ffprobe read it, every packet of it. */
export async function probeRecording(url: string, recordingId: string): Promise<ProbedFilm> {
  const response = await fetch(`${url}/api/recordings/${recordingId}`);
  if (!response.ok) throw new Error(`there is no recording: ${response.status}`);
  const folder = mkdtempSync(path.join(tmpdir(), 'porthole-probe-'));
  try {
    const file = path.join(folder, 'recording.webm');
    writeFileSync(file, Buffer.from(await response.arrayBuffer()));
    const entries = 'stream=codec_name,width,height:format=duration:packet=pts_time';
    const args = ['-v', 'error', '-show_entries', entries, '-of', 'json', file];
    const { streams, format, packets } = JSON.parse(execFileSync('ffprobe', args, { encoding: 'utf8' })) as {
      streams: { codec_name: string; width: number; height: number }[];
      format: { duration?: string };
      packets: { pts_time: string }[];
    };
    // Decoding says whether the pictures are whole, too.
    execFileSync('ffmpeg', ['-v', 'error', '-xerror', '-i', file, '-f', 'null', '-']);
    const [stream] = streams;
    return {
      codec: stream?.codec_name ?? '',
      widthPx: stream?.width ?? 0,
      heightPx: stream?.height ?? 0,
      durationSeconds: format.duration === undefined ? null : Number(format.duration),
      times: packets.map(({ pts_time }) => Number(pts_time)),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Changes the recording of a share. */
export async function record(
  url: string,
  sessionId: string,
  state: 'recording' | 'paused' | 'stopped',
): Promise<Recording> {
  const { body } = await callApi(url, 'POST', `/api/screen_share/${sessionId}/recording`, { state });
  return body.recording as Recording;
}

/** All recordings, newest first. */
export async function listRecordings(url: string): Promise<Recording[]> {
  const { recordings } = (await (await fetch(`${url}/api/recordings`)).json()) as { recordings: Recording[] };
  return recordings;
}

/** What a browser makes of a recording. */
export interface PlayedFilm {
  readonly durationSeconds: number;
  /** Where it stood after each jump, in seconds. */
  readonly landed: readonly number[];
  /** The picture there: its mean brightness in each cell of a grid. */
  readonly pictures: readonly (readonly number[])[];
}

/** Plays a recording in a page of the agent's, jumping to each of these parts of its length. */
export function playRecording(
  page: Page,
  recordingId: string,
  parts: readonly number[],
): Promise<PlayedFilm> {
  return page.evaluate(
    async ({ source, jumps }) => {
      const video = document.createElement('video');
      video.muted = true;
      video.src = source;
      const next = (event: string) =>
        new Promise<void>((resolve, reject) => {
          video.addEventListener(event, () => resolve(), { once: true });
          video.addEventListener('error', () => reject(new Error(video.error?.message)), { once: true });
        });
      await next('loadeddata');
      const landed: number[] = [];
      const pictures: number[][] = [];
      const canvas = document.createElement('canvas');
      [canvas.width, canvas.height] = [64, 36];
      const context = canvas.getContext('2d', { willReadFrequently: true });
      for (const part of jumps) {
        const seeked = next('seeked');
        video.currentTime = video.duration * part;
        await seeked;
        landed.push(video.currentTime);
        context?.drawImage(video, 0, 0, 64, 36);
        const pixels = context?.getImageData(0, 0, 64, 36).data ?? [];
        pictures.push(Array.from({ length: 64 * 36 }, (_, index) => pixels[index * 4 + 1] ?? 0));
      }
      return { durationSeconds: video.duration, landed, pictures };
    },
    { source: `/api/recordings/${recordingId}`, jumps: [...parts] },
  );
}
