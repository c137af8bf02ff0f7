import { type AgentRefusal, readRefusal } from '../agent/api-client.ts';
import type { StreamPart } from './multipart-parser.ts';

/**
 * Why no more pictures come: the agent ended them in order, refused them, or is out of reach; or they come in a way
 * that this browser, or what is between it and the agent, does not let through.
 */
export type SourceEnd =
  | { readonly kind: 'closed' | 'lost' | 'unplayable' }
  | { readonly kind: 'refused'; readonly refusal: AgentRefusal };

/** Told what comes from the agent. `onEnd` comes once, after which nothing else does. */
export interface PictureObserver {
  /** The agent lets this page watch. */
  onOpen(): void;
  /** Something came: the other end is alive. */
  onBytes(count: number): void;
  onPicture(picture: StreamPart): void;
  onEnd(end: SourceEnd): void;
}

/** Begins to bring pictures; the returned function ends that at once, and `onEnd` is not called then. */
export type OpenPictures = (observer: PictureObserver) => () => void;

/** Why an answer that is no picture ends them. */
export async function toSourceEnd(response: Response): Promise<SourceEnd> {
  const refusal = await readRefusal(response);
  return refusal ? { kind: 'refused', refusal } : { kind: 'lost' };
}
