import { FilePlace, type Filling } from './file-place.ts';
import { PlaceTaken } from './place-errors.ts';

const OWNER_ONLY = 0o600;

/**
 * Puts a file of the agent's own there, new or in the place of the old one, for its owner's eyes only. There is the old
 * content or the new one, whole, at any moment. A link is followed to its target.
 */
export async function writeOwnFile(file: string, content: string | Filling): Promise<void> {
  await withPlace(file, (place) => place.put(toFilling(content), OWNER_ONLY));
}

/**
 * The same for a file that people edit too: an existing one stays theirs, with owner, mode and all that belongs to it.
 * Rejects with `NotReplaceable` where that cannot be.
 */
export async function writeSharedFile(file: string, content: string): Promise<void> {
  const bytes = Buffer.from(content);
  await withPlace(file, async (place) => {
    const found = await place.openForReading();
    await found?.handle.close();
    if (found) await place.replace(bytes, 'owner_and_mode');
    else await place.create(bytes, OWNER_ONLY);
  });
}

/** Makes a file, for its owner's eyes only, that never replaces another. Rejects with {@link PlaceTaken}. */
export async function createOwnFile(file: string, content: string | Filling): Promise<void> {
  await withPlace(file, (place) => place.create(toFilling(content), OWNER_ONLY));
}

async function withPlace(file: string, use: (place: FilePlace) => Promise<void>): Promise<void> {
  const place = await FilePlace.open(file);
  try {
    await use(place);
  } finally {
    await place.close();
  }
}

function toFilling(content: string | Filling): Filling {
  return typeof content === 'string' ? Buffer.from(content) : content;
}
