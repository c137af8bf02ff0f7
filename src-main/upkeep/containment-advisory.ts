import type { Advisory } from '#shared/advisories';

/** What the person is told where commands cannot have namespaces of their own; `obstacle` says why, null if they have. */
export function adviseOnContainment(obstacle: string | null): Omit<Advisory, 'advisory_id'> | null {
  if (obstacle === null) return null;
  return {
    level: 'info',
    title: 'Commands are held less well here.',
    message:
      'This system does not let them have namespaces of their own, so they are held by a mark that they inherit: one ' +
      'that you allow could read and change the agent’s files, or have others start something that stays. It says: ' +
      `${obstacle}. On most systems installing “bubblewrap” is all it takes.`,
    action: null,
  };
}
