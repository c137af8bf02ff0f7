import { ELEMENT, element, elementHead, readElements, sizeOf, unsigned } from './ebml.ts';
import type { FilmBlock } from './webm-reader.ts';

// How a recording lies in its file: a head with room for what is only known at the end, whole clusters, and behind them
// the cues that players seek by. Cut off behind any cluster it is a WebM file that plays.

const PRODUCT = Buffer.from('Porthole');
const TRACK = 1;
/** The times in a cluster are of 16 bits, with a sign. */
const MAX_CLUSTER_MS = 30_000;

const EBML_HEAD = element(
  ELEMENT.ebml,
  element(0x4286, unsigned(1)),
  element(0x42f7, unsigned(1)),
  element(0x42f2, unsigned(4)),
  element(0x42f3, unsigned(8)),
  element(0x4282, Buffer.from('webm')),
  element(0x4287, unsigned(4)),
  element(0x4285, unsigned(2)),
);

/** Where the segment's size stands, in 8 bytes. */
const SEGMENT_SIZE_AT = EBML_HEAD.length + 4;
/** Where the segment's body begins; positions in seek head and cues count from here. */
export const SEGMENT_AT = SEGMENT_SIZE_AT + 8;
const SEEK_HEAD_AT = SEGMENT_AT;
const SEEK_HEAD_BYTES = seekHead(0).length;
const DURATION_BYTES = duration(0).length;

/** A cluster as it lies in the file. */
export interface FilmCluster {
  /** Of its first byte, from the file's begin. */
  readonly offset: number;
  readonly bytes: number;
  /** When its first picture is shown, and when its last one is over. */
  readonly atMs: number;
  readonly endMs: number;
  /** Whether it begins with a picture that stands alone. */
  readonly isKey: boolean;
}

/** Bytes that are to be written over what stands at an offset. */
export interface Patch {
  readonly offset: number;
  readonly bytes: Buffer;
}

const INFO_START = [
  element(ELEMENT.timestampScale, unsigned(1_000_000)),
  element(ELEMENT.muxingApp, PRODUCT),
  element(ELEMENT.writingApp, PRODUCT),
];

const DURATION_AT =
  SEEK_HEAD_AT +
  SEEK_HEAD_BYTES +
  elementHead(ELEMENT.info, 0).length +
  INFO_START.reduce((sum, part) => sum + part.length, 0);

/** What a file of one video track and simple blocks can keep of what its stream said of the track. */
const KEPT_OF_TRACK: ReadonlySet<number> = new Set([
  ELEMENT.trackUid,
  ELEMENT.trackType,
  ELEMENT.codecId,
  ELEMENT.codecPrivate,
]);
const KEPT_OF_VIDEO: ReadonlySet<number> = new Set([
  ELEMENT.pixelWidth,
  ELEMENT.pixelHeight,
  ELEMENT.displayWidth,
  ELEMENT.displayHeight,
  ELEMENT.displayUnit,
  ELEMENT.colour,
]);

/**
 * Chromium turns a screen's RGB into video by BT.601 whatever its size, limited range, and does not say so; players take
 * BT.709 for granted from 720 lines on, and show green too dark. Numbers of ITU-T H.273.
 */
const CHROMIUM_COLOUR = element(
  ELEMENT.colour,
  element(0x55b1, unsigned(6)),
  element(0x55b9, unsigned(1)),
  element(0x55ba, unsigned(1)),
  element(0x55bb, unsigned(1)),
);

/**
 * The head of a file, of which nothing is known yet but what its track is; `tracks` is what the stream said of that.
 * Throws if it did not say it in WebM.
 */
export function fileHead(tracks: Buffer): Buffer {
  return Buffer.concat([
    EBML_HEAD,
    unsigned(ELEMENT.segment),
    Buffer.from([0x01, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]),
    voidOf(SEEK_HEAD_BYTES),
    element(ELEMENT.info, ...INFO_START, voidOf(DURATION_BYTES)),
    fileTracks(tracks),
  ]);
}

/**
 * Chromium announces a second stream, of transparency, with every video (AlphaMode, MaxBlockAdditionID), whether or not
 * there is one. Players that believe it wait for that stream and show nothing: GStreamer 1.22, and WebKitGTK by it.
 */
function fileTracks(tracks: Buffer): Buffer {
  const entries = readElements(tracks)
    .filter(({ id }) => id === ELEMENT.tracks)
    .flatMap(({ body }) => readElements(body));
  const [track] = entries.filter(({ id }) => id === ELEMENT.trackEntry);
  const parts = track ? readElements(track.body) : [];
  const video = parts.filter(({ id }) => id === ELEMENT.video).flatMap(({ body }) => readElements(body));
  const saysColour = video.some(({ id }) => id === ELEMENT.colour);
  return element(
    ELEMENT.tracks,
    element(
      ELEMENT.trackEntry,
      element(ELEMENT.trackNumber, unsigned(TRACK)),
      ...keep(parts, KEPT_OF_TRACK),
      element(ELEMENT.video, ...keep(video, KEPT_OF_VIDEO), ...(saysColour ? [] : [CHROMIUM_COLOUR])),
    ),
  );
}

function keep(parts: ReturnType<typeof readElements>, ids: ReadonlySet<number>): Buffer[] {
  return parts.filter(({ id }) => ids.has(id)).map(({ id, body }) => element(id, body));
}

/** Whether a file begins as {@link fileHead} makes it. */
export function hasFileHead(start: Buffer): boolean {
  return start.subarray(0, EBML_HEAD.length).equals(EBML_HEAD);
}

/** Blocks in their order, as clusters: a new one with each key frame, so that players find it. */
export function intoClusters(blocks: readonly FilmBlock[]): FilmBlock[][] {
  const clusters: FilmBlock[][] = [];
  for (const block of blocks) {
    const last = clusters.at(-1);
    const isNear = last?.[0] !== undefined && block.atMs - last[0].atMs < MAX_CLUSTER_MS;
    if (last && isNear && !block.isKey) last.push(block);
    else clusters.push([block]);
  }
  return clusters;
}

/** One cluster of blocks whose times count from the file's begin. */
export function cluster(blocks: readonly FilmBlock[]): Buffer {
  const atMs = blocks[0]?.atMs ?? 0;
  const parts = blocks.flatMap((block) => {
    const blockHead = Buffer.from([0x80 | TRACK, 0, 0, block.isKey ? 0x80 : 0]);
    blockHead.writeInt16BE(block.atMs - atMs, 1);
    return [elementHead(ELEMENT.simpleBlock, blockHead.length + block.data.length), blockHead, block.data];
  });
  return element(ELEMENT.cluster, element(ELEMENT.timestamp, unsigned(atMs)), ...parts);
}

/** What players seek by: where each key frame lies. */
export function cues(clusters: readonly FilmCluster[]): Buffer {
  const points = clusters
    .filter(({ isKey }) => isKey)
    .map(({ atMs, offset }) =>
      element(
        ELEMENT.cuePoint,
        element(ELEMENT.cueTime, unsigned(atMs)),
        element(
          ELEMENT.cueTrackPositions,
          element(ELEMENT.cueTrack, unsigned(TRACK)),
          element(ELEMENT.cueClusterPosition, unsigned(offset - SEGMENT_AT)),
        ),
      ),
    );
  return element(ELEMENT.cues, ...points);
}

/** What to write into the head of a file of `fileBytes` that is complete, with its cues, if any, at `cuesAt`. */
export function finalPatches(durationMs: number, cuesAt: number | null, fileBytes: number): Patch[] {
  return [
    { offset: DURATION_AT, bytes: duration(durationMs) },
    ...(cuesAt === null ? [] : [{ offset: SEEK_HEAD_AT, bytes: seekHead(cuesAt - SEGMENT_AT) }]),
    { offset: SEGMENT_SIZE_AT, bytes: sizeOf(fileBytes - SEGMENT_AT, 8) },
  ];
}

function duration(ms: number): Buffer {
  const value = Buffer.alloc(8);
  value.writeDoubleBE(ms);
  return element(ELEMENT.duration, value);
}

function seekHead(cuesPosition: number): Buffer {
  const seek = element(
    ELEMENT.seek,
    element(ELEMENT.seekId, unsigned(ELEMENT.cues)),
    element(ELEMENT.seekPosition, unsigned(cuesPosition, 8)),
  );
  return element(ELEMENT.seekHead, seek);
}

/** Room for an element of `bytes`, which are fewer than 127. */
function voidOf(bytes: number): Buffer {
  return element(ELEMENT.void, Buffer.alloc(bytes - 2));
}
