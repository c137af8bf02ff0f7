import type { PictureWish } from './picture.ts';

/** What a {@link PictureThread} sends to its thread. */
export interface PictureOrder {
  readonly orderId: number;
  readonly jpeg: Uint8Array;
  readonly wish: PictureWish;
}

/** What comes back: the picture, or why there is none. */
export type PictureResult =
  | { readonly orderId: number; readonly picture: Uint8Array }
  | { readonly orderId: number; readonly failure: string };
