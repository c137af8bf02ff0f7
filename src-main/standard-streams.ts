/** A stream that a process is given to write to. */
type Output = Pick<NodeJS.WriteStream, 'on'>;

/**
 * Lets stdout and stderr that nobody reads any more (`porthole 2>&1 | head -1`, a terminal that was closed, a journal
 * that died, a full disk) cost what is written there and nothing else. An error of theirs that nobody listens for ends
 * the process. To be called before anything is written.
 */
export function outliveReaders(streams: readonly Output[] = [process.stdout, process.stderr]): void {
  for (const stream of streams) stream.on('error', () => undefined);
}
