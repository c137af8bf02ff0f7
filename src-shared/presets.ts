import { z } from 'zod';

/** Names of the picture qualities that a screen share can have. */
export const qualitySchema = z.enum(['low', 'medium', 'high']);

/** A quality preset's wire name. */
export type Quality = z.infer<typeof qualitySchema>;

/** The largest frame that a preset may produce, and its rate. */
export interface Preset {
  readonly maxWidthPx: number;
  readonly maxHeightPx: number;
  readonly framesPerSecond: number;
}

/** The presets of the contract. The box bounds a frame; the screen's aspect ratio is kept and nothing is scaled up. */
export const PRESETS: Readonly<Record<Quality, Preset>> = {
  low: { maxWidthPx: 640, maxHeightPx: 480, framesPerSecond: 15 },
  medium: { maxWidthPx: 1280, maxHeightPx: 720, framesPerSecond: 30 },
  high: { maxWidthPx: 1920, maxHeightPx: 1080, framesPerSecond: 60 },
};

/** A frame's size in physical pixels. */
export interface FrameSize {
  readonly widthPx: number;
  readonly heightPx: number;
}
