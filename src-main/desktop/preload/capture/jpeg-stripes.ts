// Markers of ITU-T T.81, table B.1.
const SOF0 = 0xc0;
const RST0 = 0xd0;
const EOI = 0xd9;
const SOS = 0xda;
const DRI = 0xdd;

/** The side of a 4:2:0 picture's smallest coded unit, in pixels. */
const MCU_PX = 16;
const END_MARKER_BYTES = 2;

/**
 * Everything before the coded data of a picture that is put together from stripes: the header of `stripe`, which is
 * one stripe coded as a baseline 4:2:0 JPEG of its own, with the whole picture's height and a restart interval of
 * one stripe of `stripeHeightPx`, a multiple of 16 (T.81 sections B.2.2 and B.2.4.4).
 */
export function pictureHeader(
  stripe: Uint8Array,
  { widthPx, heightPx, stripeHeightPx }: { widthPx: number; heightPx: number; stripeHeightPx: number },
): Uint8Array {
  const { frameHeader, scanHeader, scanData } = findSegments(stripe);
  const restartInterval = Math.ceil(widthPx / MCU_PX) * (stripeHeightPx / MCU_PX);
  const header = new Uint8Array(scanData + 6);
  header.set(stripe.subarray(0, scanHeader));
  header.set([heightPx >> 8, heightPx & 0xff], frameHeader + 5);
  header.set([0xff, DRI, 0, 4, restartInterval >> 8, restartInterval & 0xff], scanHeader);
  header.set(stripe.subarray(scanHeader, scanData), scanHeader + 6);
  return header;
}

/** The coded data of a JPEG with one scan and no restart markers; shares its memory. */
export function scanData(jpeg: Uint8Array): Uint8Array {
  return jpeg.subarray(findSegments(jpeg).scanData, jpeg.length - END_MARKER_BYTES);
}

/**
 * One complete JPEG out of a {@link pictureHeader} and the coded data of all its stripes, from the top. The coded
 * data of a stripe does not depend on the others, because prediction begins anew after each restart marker.
 */
export function joinStripes(header: Uint8Array, stripes: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const length = stripes.reduce((sum, stripe) => sum + stripe.length + 2, header.length);
  const jpeg = new Uint8Array(length);
  jpeg.set(header);
  let offset = header.length;
  stripes.forEach((stripe, index) => {
    jpeg.set(stripe, offset);
    offset += stripe.length;
    jpeg[offset] = 0xff;
    jpeg[offset + 1] = index === stripes.length - 1 ? EOI : RST0 + (index % 8);
    offset += 2;
  });
  return jpeg;
}

/** Offsets of the markers of the frame and scan headers, and of the first byte of coded data. */
function findSegments(jpeg: Uint8Array): { frameHeader: number; scanHeader: number; scanData: number } {
  let frameHeader = -1;
  let offset = 2;
  while (offset + 4 <= jpeg.length) {
    const marker = jpeg[offset + 1];
    const end = offset + 2 + (((jpeg[offset + 2] ?? 0) << 8) | (jpeg[offset + 3] ?? 0));
    if (marker === SOF0) frameHeader = offset;
    if (marker === SOS && frameHeader >= 0) return { frameHeader, scanHeader: offset, scanData: end };
    offset = end;
  }
  throw new Error('a stripe is not a baseline JPEG');
}
