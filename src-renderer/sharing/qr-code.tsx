import { useMemo } from 'react';
import { encode } from 'uqr';

/** Readers want so many light modules around the code (ISO/IEC 18004). */
const QUIET_MODULES = 4;

/** A text as a QR code, black on white in every scheme: cameras read no other way reliably. */
export function QrCode({ text, label }: { readonly text: string; readonly label: string }) {
  const { size, outline } = useMemo(() => draw(text), [text]);
  return (
    <svg
      className="qr-code"
      viewBox={`0 0 ${size} ${size}`}
      shapeRendering="crispEdges"
      role="img"
      aria-label={label}
    >
      <rect width={size} height={size} fill="#fff" />
      <path d={outline} fill="#000" />
    </svg>
  );
}

/** The dark modules as one path, a module being one unit. */
function draw(text: string): { size: number; outline: string } {
  const { size, data } = encode(text, { border: QUIET_MODULES, ecc: 'M' });
  const outline = data
    .flatMap((row, y) => row.map((isDark, x) => (isDark ? `M${x} ${y}h1v1h-1z` : '')))
    .join('');
  return { size, outline };
}
