// Chromium offers this to windows as well; the standard, and TypeScript's types, know it in workers only.
// https://www.w3.org/TR/mediacapture-transform/#track-processor
declare class MediaStreamTrackProcessor {
  constructor(init: { track: MediaStreamTrack; maxBufferSize?: number });
  readonly readable: ReadableStream<VideoFrame>;
}
