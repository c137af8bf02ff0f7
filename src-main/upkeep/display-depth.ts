import type { Advisory } from '#shared/advisories';

/** Why there is no picture of a display with so many bits for each pixel; a clause for people, without a full stop. */
export function explainDepth(depth: number): string {
  return `this display has a depth of ${depth} bits; Porthole needs 24`;
}

/** What the person is told of a display whose colours would be false, if it is one. */
export function adviseOnDepth(depth: number | null): Omit<Advisory, 'advisory_id'> | null {
  if (depth === null) return null;
  return {
    level: 'problem',
    title: 'This display cannot be shared.',
    message: `It has a depth of ${depth} bits, of which Chromium reads false colours, so shares show no picture. Give it 24 (DefaultDepth of Xorg, -depth of Xvnc, the third number of -screen of Xvfb), then start Porthole again.`,
    action: null,
  };
}
