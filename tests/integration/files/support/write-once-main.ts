import { examineTarget, writeTarget } from '../../../../src-main/commands/file-writer.ts';

/** Does one `write_file` and says what became of it. Its arguments: file, content, `in_place` or nothing. */
async function main(): Promise<void> {
  const [, , file = '', content = '', way] = process.argv;
  const written = await writeTarget(await examineTarget(file), Buffer.from(content), {
    umask: 0o022,
    inPlace: way === 'in_place',
  });
  process.stdout.write(written.created ? 'created' : 'replaced');
}

main().catch((error: unknown) => {
  process.stdout.write(
    error instanceof Error && 'code' in error ? `${error.code}: ${error.message}` : String(error),
  );
});
