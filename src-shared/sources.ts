import { z } from 'zod';

/** What can be shared: a whole screen, or one window. */
export const sourceKindSchema = z.enum(['screen', 'window']);
export type SourceKind = z.infer<typeof sourceKindSchema>;

/** A screen's or window's id, as the platform names it; it holds for as long as the screen or window is there. */
export const sourceIdSchema = z
  .string()
  .regex(/^(screen|window):[\w:.-]{1,100}$/, 'must be the id of a source, as listed')
  .meta({ examples: ['screen:0:0'] });

/** A screen or window that can be shared now. Names are given by other programs. */
export const shareSourceSchema = z
  .object({
    id: sourceIdSchema,
    name: z.string(),
    kind: sourceKindSchema,
    /** Whether it is the screen that is shared where none is chosen. */
    is_primary: z.boolean(),
    /** A small JPEG of what it shows; null where the platform gives none. */
    thumbnail_url: z.string().nullable(),
  })
  .meta({ id: 'ShareSource' });
export type ShareSource = z.infer<typeof shareSourceSchema>;

/** What a share shows. `id` is null for the primary screen, whichever that is. */
export const sharedSourceSchema = z.object({
  id: sourceIdSchema.nullable(),
  name: z.string(),
  kind: sourceKindSchema,
});
export type SharedSource = z.infer<typeof sharedSourceSchema>;

/** What is shared where nothing is chosen. */
export const PRIMARY_SCREEN: SharedSource = { id: null, name: 'Primary screen', kind: 'screen' };

/** Whether an id is a window's or a screen's. */
export function kindOfSource(sourceId: string): SourceKind {
  return sourceId.startsWith('window:') ? 'window' : 'screen';
}
