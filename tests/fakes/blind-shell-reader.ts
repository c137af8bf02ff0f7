import { readWithoutLines } from '../../src-main/shell/operation-reading.ts';
import {
  type ReadingRequest,
  type ShellReader,
  type ShellReading,
  unreadBecause,
} from '../../src-main/shell/shell-reading.ts';

/** Has no grammars: for agents that are bundled for a test which no line is asked of. */
export class BlindShellReader implements ShellReader {
  async read(request: ReadingRequest): Promise<ShellReading> {
    return ('argv' in request ? readWithoutLines(request.argv) : null) ?? unreadBecause('late');
  }

  warmUp(): void {}
}
