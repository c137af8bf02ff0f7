import type { SourceKind } from '#shared/sources';

/**
 * The names of sources by their ids: windows keep theirs, screens get ours, since Chromium names them in the language of the
 * system. Screens are counted in their order here.
 */
export function nameSources(
  sources: readonly { readonly id: string; readonly name: string; readonly kind: SourceKind }[],
): ReadonlyMap<string, string> {
  const screens = sources.filter(({ kind }) => kind === 'screen').map(({ id }) => id);
  const nameScreen = (id: string): string =>
    screens.length === 1 ? 'Entire screen' : `Screen ${screens.indexOf(id) + 1}`;
  return new Map(sources.map(({ id, name, kind }) => [id, kind === 'screen' ? nameScreen(id) : name]));
}
