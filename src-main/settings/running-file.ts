import { rmSync } from 'node:fs';
import { z } from 'zod';
import { writeOwnFile } from '../files/own-file.ts';
import { readSmallFile } from '../files/small-file.ts';

const runningSchema = z.object({
  url: z.url(),
  pid: z.int().positive(),
  /** The certificate that the agent shows (PEM), if it speaks TLS. */
  certificate: z.string().optional(),
});

/** Where an agent runs and listens. */
export type Running = z.infer<typeof runningSchema>;

/** Many times of what an address and a certificate take. */
const MAX_BYTES = 64 * 1024;

/** Says in `file` where this agent listens. */
export async function writeRunningFile(file: string, running: Running): Promise<void> {
  await writeOwnFile(file, `${JSON.stringify(running)}\n`);
}

/** What `file` says of a running agent, or undefined if it says nothing. A killed agent leaves its file behind. */
export function readRunningFile(file: string): Running | undefined {
  try {
    return runningSchema.parse(JSON.parse(readSmallFile(file, MAX_BYTES).toString()));
  } catch {
    return undefined;
  }
}

/** Takes back what {@link writeRunningFile} said. */
export function removeRunningFile(file: string): void {
  rmSync(file, { force: true });
}
