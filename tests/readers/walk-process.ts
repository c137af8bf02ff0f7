import { walk } from './growth.ts';
import { OUTSIDE_READERS } from './outside-readers.ts';
import { measurePauses } from './pauses.ts';
import type { WalkMessage } from './run-walk.ts';

/*
 * Walks one part of the readers, of so many, and tells of each step before it: whoever watches ends this process, and
 * with it a reader that never ends. A process, because the system says how long one has computed.
 * Whoever wants to know has the pauses of the main loop measured as well.
 */

const [part, parts] = process.argv.slice(2, 4).map(Number);
/** Where the app was built: for pauses, which are measured if it is given. */
const builtFolder = process.argv[4];

function tell(message: WalkMessage): Promise<void> {
  return new Promise((resolve) => process.send?.(message, undefined, undefined, () => resolve()));
}

async function walkPart(): Promise<void> {
  for (const [index, reader] of OUTSIDE_READERS.entries()) {
    if (index % (parts ?? 1) !== part) continue;
    for await (const growth of walk(reader, (step) => tell({ step }))) await tell({ growth });
    if (builtFolder === undefined) continue;
    for await (const pause of measurePauses(reader, builtFolder)) await tell({ pause });
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
