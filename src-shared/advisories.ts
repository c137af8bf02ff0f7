import { z } from 'zod';

/** What can be done about an advisory, by a button beside it. */
export const advisoryActionSchema = z.enum(['open_settings', 'open_screen_settings', 'download_update']);
export type AdvisoryAction = z.infer<typeof advisoryActionSchema>;

/** Something that the person at the machine should know for as long as it is so. */
export const advisorySchema = z
  .object({
    /** What it is about: there is one of each at most. */
    advisory_id: z.enum([
      'settings',
      'local_trust',
      'containment',
      'screen_permission',
      'display_depth',
      'shortcut',
      'login_item',
      'restart',
      'foreign_changes',
      'update',
    ]),
    level: z.enum(['info', 'problem']),
    title: z.string(),
    message: z.string(),
    action: advisoryActionSchema.nullable(),
  })
  .meta({ id: 'Advisory' });
export type Advisory = z.infer<typeof advisorySchema>;
