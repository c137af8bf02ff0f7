import { createHash, randomBytes } from 'node:crypto';
import { examineTarget, writeTarget } from '../../../../src-main/commands/file-writer.ts';

/**
 * Writes files over and over, as `write_file` does, until it is killed or a write fails; says when each has been written
 * once. Its arguments: the files.
 */
async function main(): Promise<void> {
  const files = process.argv.slice(2);
  await Promise.all(files.map((file) => write(file, 0)));
  process.stdout.write('begins\n');
  await Promise.all(
    files.map(async (file) => {
      for (let turn = 1; ; turn += 1) await write(file, turn);
    }),
  );
}

async function write(file: string, turn: number): Promise<void> {
  const body = randomBytes(1000 + ((turn * 77_777) % 900_000));
  const bytes = Buffer.concat([createHash('sha256').update(body).digest(), body]);
  await writeTarget(await examineTarget(file), bytes, { umask: 0o022, inPlace: false });
}

main().catch((error: unknown) => {
  process.stdout.write(`${error instanceof Error && 'code' in error ? error.code : error}\n`);
  process.exit(1);
});
