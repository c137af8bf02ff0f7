import type { ListedOperation, OperationName } from './commands.ts';
import { quoteArguments, revealHidden, revealHiddenInLines } from './visible-text.ts';

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
  screenshot: 'Take a picture of the screen',
} as const satisfies Record<OperationName, string>;

/**
 * What an operation is about: its arguments, quoted so that no two lists of them look alike; its script, in lines; its
 * path. Hidden characters are spelled out. Empty for operations that are about nothing in particular.
 */
export function describeOperation(operation: ListedOperation): string {
  switch (operation.operation) {
    case 'run':
      return quoteArguments(operation.argv);
    case 'shell':
      return revealHiddenInLines(operation.script);
    case 'read_file':
    case 'write_file':
    case 'list_directory':
    case 'stat':
      return revealHidden(operation.path);
    case 'system_info':
    case 'list_processes':
    case 'screenshot':
      return '';
  }
}
