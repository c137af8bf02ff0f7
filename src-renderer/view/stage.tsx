import { type ReactNode, useEffect, useLayoutEffect, useRef, useState } from 'react';
import type { FramePainter, PictureSize } from './frame-painter.ts';
import { listenForGestures } from './stage-gestures.ts';
import { ACTUAL_SIZE, type Extent, type Point, scaleOf, scrollAfterZoom, type Zoom, zoomTo } from './zoom.ts';

/** The picture in its room: fitted, or larger than the room and moved in it by scrolling or dragging. */
export function Stage({
  painter,
  picture,
  zoom,
  room,
  look,
  onZoom,
  onRoom,
  onTap,
  children,
}: {
  readonly painter: FramePainter;
  /** The size of the picture, or null before the first. */
  readonly picture: PictureSize | null;
  readonly zoom: Zoom;
  readonly room: Extent;
  /** Whether the picture is live; if not, whether it is to be looked at all the same. */
  readonly look: 'live' | 'stopped' | 'dimmed';
  readonly onZoom: (zoom: Zoom) => void;
  readonly onRoom: (room: Extent) => void;
  readonly onTap: () => void;
  /** What stands over the picture. */
  readonly children: ReactNode;
}) {
  const frame = useRef<HTMLDivElement>(null);
  const scroller = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const [anchor, setAnchor] = useState<Point | null>(null);
  const scale = picture ? scaleOf(zoom, picture, room) : 1;
  const shownScale = useRef(scale);

  useEffect(() => {
    painter.attach(canvas.current);
    return () => painter.attach(null);
  }, [painter]);

  useLayoutEffect(() => {
    const element = frame.current;
    if (!element) return;
    const measure = () => onRoom({ width: element.clientWidth, height: element.clientHeight });
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, [onRoom]);

  const now = useRef({ picture, room, scale });
  now.current = { picture, room, scale };
  useEffect(() => {
    const element = scroller.current;
    if (!element) return;
    return listenForGestures(element, {
      onZoom: (factor, at) => {
        const { picture: shown, room: around, scale: before } = now.current;
        if (!shown) return;
        setAnchor(at);
        onZoom(zoomTo(before * factor, shown, around));
      },
      onPan: (byX, byY) => element.scrollBy(byX, byY),
      onTap,
      onDoubleTap: (at) => {
        const { picture: shown, room: around, scale: before } = now.current;
        if (!shown) return;
        setAnchor(at);
        const isFitted = Math.abs(before - scaleOf('fit', shown, around)) < 0.001;
        onZoom(isFitted ? Math.max(ACTUAL_SIZE, before * 2) : 'fit');
      },
    });
  }, [onZoom, onTap]);

  // Before it is painted, so that what is under the fingers never jumps.
  useLayoutEffect(() => {
    const element = scroller.current;
    const before = shownScale.current;
    shownScale.current = scale;
    if (!element || !picture || before === scale) return;
    const scroll = { x: element.scrollLeft, y: element.scrollTop };
    const at = anchor ?? { x: room.width / 2, y: room.height / 2 };
    const next = scrollAfterZoom(scroll, at, before, scale, picture, room);
    element.scrollTo({ left: next.x, top: next.y, behavior: 'instant' });
    setAnchor(null);
  }, [scale, picture, room, anchor]);

  const width = (picture?.widthPx ?? 0) * scale;
  const height = (picture?.heightPx ?? 0) * scale;
  // Rounding must not make a fitted picture scroll.
  const isLarger = width > room.width + 1 || height > room.height + 1;
  // What scrolls must be reachable by the keyboard, and nothing else needs to be.
  useEffect(() => {
    if (scroller.current) scroller.current.tabIndex = isLarger ? 0 : -1;
  }, [isLarger]);
  return (
    <div className="stage" ref={frame}>
      <section
        className="stage-scroller"
        ref={scroller}
        aria-label="Shared screen"
        data-larger={isLarger || undefined}
      >
        <canvas
          ref={canvas}
          className="stage-picture"
          role="img"
          aria-label={look === 'live' ? 'The shared screen, live' : 'The last picture of the shared screen'}
          data-look={look}
          data-sharp={scale >= 2 || undefined}
          hidden={picture === null}
          style={{ width, height }}
        />
      </section>
      {children}
    </div>
  );
}
