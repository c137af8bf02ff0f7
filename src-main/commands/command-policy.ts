import type { OperationName } from '#shared/commands';
import type { SafetyMode } from '#shared/sessions';

/** What becomes of an operation: it runs, a person is asked first, or it is refused. */
export type Verdict = 'run' | 'ask' | 'refuse';

const READS = {
  read_file: 'run',
  list_directory: 'run',
  stat: 'run',
  system_info: 'run',
  list_processes: 'run',
  screenshot: 'run',
} as const;

/** What each safety mode does with each operation. */
export const OPERATION_POLICY: Readonly<Record<SafetyMode, Readonly<Record<OperationName, Verdict>>>> = {
  supervised: {
    run: 'ask',
    shell: 'ask',
    write_file: 'ask',
    read_file: 'ask',
    list_directory: 'ask',
    stat: 'ask',
    system_info: 'ask',
    list_processes: 'ask',
    end_process: 'ask',
    screenshot: 'ask',
  },
  autonomous: { run: 'run', shell: 'run', write_file: 'run', end_process: 'run', ...READS },
  read_only: { run: 'refuse', shell: 'refuse', write_file: 'refuse', end_process: 'refuse', ...READS },
};

/**
 * What a path turns out to lead to, once it is opened and all links in it are followed: a file or folder inside the
 * readable roots; one inside that holds credentials; one outside; the agent's own, or what the kernel shows of a process;
 * something that is neither file nor folder.
 */
export type PathKind = 'readable' | 'hidden' | 'outside' | 'own' | 'special';

/** Why a path is refused; a code of the command's error. */
export type PathRefusal = 'path_not_allowed' | 'not_a_file_or_folder';

/**
 * Which paths each mode may read, and write where it may. What programs are kept from is not done for them either. Where
 * reading is all that a session may do, nobody has seen the path before it is read, so it must lie inside the roots.
 */
export const PATH_POLICY: Readonly<Record<SafetyMode, Readonly<Record<PathKind, 'read' | PathRefusal>>>> = {
  supervised: {
    readable: 'read',
    hidden: 'read',
    outside: 'read',
    own: 'path_not_allowed',
    special: 'not_a_file_or_folder',
  },
  autonomous: {
    readable: 'read',
    hidden: 'read',
    outside: 'read',
    own: 'path_not_allowed',
    special: 'not_a_file_or_folder',
  },
  read_only: {
    readable: 'read',
    hidden: 'path_not_allowed',
    outside: 'path_not_allowed',
    own: 'path_not_allowed',
    special: 'not_a_file_or_folder',
  },
};

/** The operations that may change something: their traces are pictured, and no read-only session gets at them. */
export const CHANGING_OPERATIONS: ReadonlySet<OperationName> = new Set([
  'run',
  'shell',
  'write_file',
  'end_process',
]);
