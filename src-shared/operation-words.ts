import type { ListedOperation, OperationName } from './commands.ts';
import { quoteArguments, revealHidden, revealHiddenInLines, wholeCharacters } from './visible-text.ts';

/** What each operation does, in the words of prompt and history. */
export const OPERATION_TITLES = {
  run: 'Run a program',
  shell: 'Run a shell line',
  read_file: 'Read a file',
  write_file: 'Write a file',
  list_directory: 'List a folder',
  stat: 'Look at a file or folder',
  system_info: 'Tell about this machine',
  list_processes: 'List what runs on this machine',
  end_process: 'End a process',
  screenshot: 'Take a picture of the screen',
} as const satisfies Record<OperationName, string>;

/** What an operation is about, as far as it is shown. */
export interface OperationText {
  readonly text: string;
  /** How many characters more there are. */
  readonly leftOut: number;
}

/**
 * What an operation is about: its arguments, quoted so that no two lists of them look alike; its script, in lines; its
 * path. Hidden characters are spelled out. Empty for operations that are about nothing in particular. However much there
 * is, no more than the `maxLength` characters that are shown is looked at closely.
 */
export function describeOperation(operation: ListedOperation, maxLength: number): OperationText {
  switch (operation.operation) {
    case 'run':
      return describeArguments(operation.argv, maxLength);
    case 'shell':
      return describeText(operation.script, maxLength, revealHiddenInLines);
    case 'read_file':
    case 'write_file':
    case 'list_directory':
    case 'stat':
      return describeText(operation.path, maxLength, revealHidden);
    case 'end_process':
      return { text: `${operation.signal} to process ${operation.pid}`, leftOut: 0 };
    case 'system_info':
    case 'list_processes':
    case 'screenshot':
      return { text: '', leftOut: 0 };
  }
}

function describeText(whole: string, maxLength: number, reveal: (text: string) => string): OperationText {
  const looked = wholeCharacters(whole, maxLength);
  const revealed = reveal(whole.slice(0, looked));
  const shown = wholeCharacters(revealed, maxLength);
  return {
    text: revealed.slice(0, shown),
    leftOut: revealed.length - shown + whole.length - looked,
  };
}

/** What an argument is quoted with makes it longer: one that is cut off before is cut off after, too. */
function describeArguments(argv: readonly string[], maxLength: number): OperationText {
  const quoted: string[] = [];
  let length = 0;
  let leftOut = 0;
  for (const argument of argv) {
    if (length > maxLength) {
      leftOut += argument.length + 1;
      continue;
    }
    const looked = wholeCharacters(argument, maxLength);
    const text = quoteArguments([argument.slice(0, looked)]);
    quoted.push(text);
    length += text.length + 1;
    leftOut += argument.length - looked;
  }
  const all = quoted.join(' ');
  const shown = wholeCharacters(all, maxLength);
  return { text: all.slice(0, shown), leftOut: leftOut + all.length - shown };
}
