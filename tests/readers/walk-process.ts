import { walk } from './growth.ts';
import { OUTSIDE_READERS } from './outside-readers.ts';
import { measurePauses } from './pauses.ts';
import type { WalkMessage } from './run-walk.ts';

/*
 * Walks one part of the readers, of so many, and tells of each step before it: whoever watches ends this process, and
 * with it a reader that never ends. A process, because the system says how long one has computed. Arguments: the part,
 * how many there are, the folder with the built files of the product's threads, and `pauses` if those of the main loop
 * are to be measured as well.
 */

const [part, parts] = process.argv.slice(2, 4).map(Number);
const [threadFolder = '', whatElse] = process.argv.slice(4, 6);

function tell(message: WalkMessage): Promise<void> {
  return new Promise((resolve) => process.send?.(message, undefined, undefined, () => resolve()));
}

async function walkPart(): Promise<void> {
  for (const [index, reader] of OUTSIDE_READERS.entries()) {
    if (index % (parts ?? 1) !== part) continue;
    for await (const growth of walk(reader, threadFolder, (step) => tell({ step }))) await tell({ growth });
    if (whatElse !== 'pauses') continue;
    for await (const pause of measurePauses(reader, threadFolder)) await tell({ pause });
  }
  await tell({ done: true });
}

walkPart().then(
  () => process.exit(0),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.stack : error}\n`);
    process.exit(1);
  },
);
