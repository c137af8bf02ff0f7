import type { ReactNode } from 'react';

/** Draws one of the page's own icons, in the colour of the text around it. Says nothing to screen readers. */
function Icon({ children }: { readonly children: ReactNode }) {
  return (
    <svg
      className="icon"
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      strokeWidth="2"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
      focusable="false"
    >
      {children}
    </svg>
  );
}

/** A picture within its frame: as large as fits. */
export const FitIcon = () => (
  <Icon>
    <rect x="3" y="4" width="18" height="16" rx="2" />
    <path d="M7 10V8h2M17 10V8h-2M7 14v2h2M17 14v2h-2" />
  </Icon>
);

/** One to one. */
export const ActualSizeIcon = () => (
  <Icon>
    <rect x="3" y="4" width="18" height="16" rx="2" />
    <path d="M7.5 9 9 8v8M15 9l1.5-1v8M12.2 10.5v.01M12.2 14v.01" />
  </Icon>
);

/** Two bars. */
export const PauseIcon = () => (
  <Icon>
    <path d="M8 5v14M16 5v14" />
  </Icon>
);

/** A triangle. */
export const PlayIcon = () => (
  <Icon>
    <path d="M7 4.5v15l12-7.5z" />
  </Icon>
);

/** An arrow into a tray. */
export const SaveIcon = () => (
  <Icon>
    <path d="M12 4v11M7.5 10.5 12 15l4.5-4.5M4.5 20h15" />
  </Icon>
);

/** Corners that move apart. */
export const FullScreenIcon = () => (
  <Icon>
    <path d="M4 9V4h5M20 9V4h-5M4 15v5h5M20 15v5h-5" />
  </Icon>
);

/** Corners that move together. */
export const LeaveFullScreenIcon = () => (
  <Icon>
    <path d="M9 4v5H4M15 4v5h5M9 20v-5H4M15 20v-5h5" />
  </Icon>
);

/** A question mark. */
export const HelpIcon = () => (
  <Icon>
    <circle cx="12" cy="12" r="9" />
    <path d="M9.5 9.5a2.5 2.5 0 1 1 3.5 2.3c-.7.3-1 .8-1 1.7M12 16.8v.01" />
  </Icon>
);
