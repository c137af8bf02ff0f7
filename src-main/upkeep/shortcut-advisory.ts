import type { Advisory } from '#shared/advisories';

/** What the person is told of a shortcut for stopping everything that stops nothing; null where it works, or none is set. */
export function adviseOnShortcut(
  shortcut: { readonly accelerator: string; readonly works: boolean } | null,
  isWayland: boolean,
): Omit<Advisory, 'advisory_id'> | null {
  if (!shortcut || shortcut.works) return null;
  const { accelerator } = shortcut;
  const title = `${accelerator} stops nothing here.`;
  if (isWayland)
    return {
      level: 'info',
      title,
      message:
        'Wayland lets no program hear keys that are meant for another. Bind the command “porthole stop --all” to a key in the ' +
        "desktop's own settings. Stop everything in the panel and in the tray works as ever.",
      action: null,
    };
  return {
    level: 'problem',
    title,
    message: 'Another program uses it, or this desktop offers no shortcuts. Choose another one.',
    action: 'open_settings',
  };
}
