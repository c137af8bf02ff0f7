import { ELEMENT, element, elementHead, sizeOf, unsigned } from '../../src-main/recordings/ebml.ts';

/** A picture of a made-up film. */
export interface FakeBlock {
  readonly atMs: number;
  readonly isKey?: boolean;
  readonly bytes?: number;
}

const ALPHA_MODE = 0x53c0;
const MAX_BLOCK_ADDITION_ID = 0x55ee;
/** What announces a stream of transparency, as Chromium does with every video. */
export const TRANSPARENCY = [ALPHA_MODE, MAX_BLOCK_ADDITION_ID] as const;

/** What a made-up film's track is, in Chromium's words; no picture that follows is one. */
export const FAKE_TRACKS = element(
  ELEMENT.tracks,
  element(
    ELEMENT.trackEntry,
    element(ELEMENT.trackNumber, unsigned(1)),
    element(ELEMENT.trackUid, unsigned(77)),
    element(ELEMENT.trackType, unsigned(1)),
    element(ELEMENT.codecId, Buffer.from('V_VP9')),
    element(MAX_BLOCK_ADDITION_ID, unsigned(1)),
    element(
      ELEMENT.video,
      element(ELEMENT.pixelWidth, unsigned(1280)),
      element(ELEMENT.pixelHeight, unsigned(720)),
      element(ALPHA_MODE, unsigned(1)),
    ),
  ),
);

/** What a WebM stream begins with, as Chromium's `MediaRecorder` writes it: nothing says how large anything is. */
export function streamHead(): Buffer {
  return Buffer.concat([
    element(ELEMENT.ebml, element(0x4282, Buffer.from('webm'))),
    unsizedHead(ELEMENT.segment),
    element(ELEMENT.info, element(ELEMENT.timestampScale, unsigned(1_000_000))),
    FAKE_TRACKS,
  ]);
}

/** A cluster of such a stream; what its pictures hold is their time, over and over. */
export function streamCluster(blocks: readonly FakeBlock[]): Buffer {
  const clusterMs = blocks[0]?.atMs ?? 0;
  return Buffer.concat([
    unsizedHead(ELEMENT.cluster),
    element(ELEMENT.timestamp, unsigned(clusterMs)),
    ...blocks.map(({ atMs, isKey = false, bytes = 8 }) => {
      const head = Buffer.from([0x81, 0, 0, isKey ? 0x80 : 0]);
      head.writeInt16BE(atMs - clusterMs, 1);
      const data = Buffer.alloc(bytes, unsigned(atMs, 4));
      return Buffer.concat([elementHead(ELEMENT.simpleBlock, head.length + bytes), head, data]);
    }),
  ]);
}

/** A stream of so many pictures, each `stepMs` after the last, every tenth a key frame in a cluster of its own. */
export function fakeStream(count: number, { stepMs = 100, bytes = 8 } = {}): Buffer {
  const clusters: FakeBlock[][] = [];
  for (let index = 0; index < count; index++) {
    const block = { atMs: index * stepMs, isKey: index % 10 === 0, bytes };
    if (block.isKey) clusters.push([block]);
    else clusters.at(-1)?.push(block);
  }
  return Buffer.concat([streamHead(), ...clusters.map(streamCluster)]);
}

function unsizedHead(id: number): Buffer {
  const unknown = sizeOf(0, 8).fill(0xff);
  unknown[0] = 0x01;
  return Buffer.concat([unsigned(id), unknown]);
}
