import { builtinModules } from 'node:module';
import path from 'node:path';
import { parseSync, Visitor } from 'vite';

/** A source file by its path from the repository's root, with forward slashes. */
export interface SourceFile {
  readonly path: string;
  readonly code: string;
}

/** One place where a file names another module; `specifier` is null where it is computed. */
export interface ModuleUse {
  readonly specifier: string | null;
  readonly line: number;
}

/** Every module that a file names, in whatever way: types, re-exports, `import()` and `require` included. */
export function listModuleUses({ path: filePath, code }: SourceFile): ModuleUse[] {
  const { program, errors } = parseSync(path.basename(filePath), code);
  if (errors.length > 0) throw new Error(`${filePath} cannot be parsed: ${errors[0]?.message}`);
  const uses: ModuleUse[] = [];
  const note = (node: { readonly start: number }, specifier: unknown): void => {
    const line = code.slice(0, node.start).split('\n').length;
    uses.push({ specifier: typeof specifier === 'string' ? specifier : null, line });
  };
  const literal = (node: unknown): unknown =>
    typeof node === 'object' && node !== null && 'value' in node ? node.value : null;
  new Visitor({
    ImportDeclaration: (node) => note(node, node.source.value),
    ExportNamedDeclaration: (node) => {
      if (node.source) note(node, node.source.value);
    },
    ExportAllDeclaration: (node) => note(node, node.source.value),
    ImportExpression: (node) => note(node, literal(node.source)),
    TSImportType: (node) => note(node, literal(node.source)),
    TSImportEqualsDeclaration: (node) => {
      if (node.moduleReference.type === 'TSExternalModuleReference')
        note(node, literal(node.moduleReference.expression));
    },
    CallExpression: (node) => {
      if (node.callee.type === 'Identifier' && node.callee.name === 'require')
        note(node, literal(node.arguments[0]));
    },
  }).visit(program);
  return uses;
}

/** What a specifier leads to: a file of ours, a part of node, or a package by its name. */
type Target =
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'node'; readonly name: string }
  | { readonly kind: 'package'; readonly name: string };

const NODE_MODULES = new Set(builtinModules);

function resolveTarget(from: string, specifier: string): Target {
  if (specifier.startsWith('#shared/')) {
    return { kind: 'file', path: `src-shared/${specifier.slice('#shared/'.length)}.ts` };
  }
  if (specifier.startsWith('.')) {
    return { kind: 'file', path: path.posix.join(path.posix.dirname(from), specifier) };
  }
  if (specifier.startsWith('node:') || NODE_MODULES.has(specifier.split('/')[0] ?? '')) {
    return { kind: 'node', name: specifier };
  }
  const parts = specifier.split('/');
  return { kind: 'package', name: parts.slice(0, specifier.startsWith('@') ? 2 : 1).join('/') };
}

/** A set of files, what they may not name, and why in one sentence. */
interface Rule {
  readonly says: string;
  readonly applies: (file: string) => boolean;
  readonly forbids: (target: Target) => boolean;
}

/** Rooms of the main process that know nothing of how they are reached, shown or kept. */
const CORE_ROOMS = [
  'access',
  'sessions',
  'approvals',
  'commands',
  'files',
  'shell',
  'stream',
  'recordings',
  'events',
  'settings',
  'upkeep',
  'webhooks',
  'guardian',
  'outgoing',
];
/** Rooms around them, each on a side of its own. */
const OUTER_ROOMS = ['http', 'desktop', 'store', 'cli'];
/** The files that put everything together. */
const COMPOSITION_ROOTS = ['src-main/agent.ts', 'src-main/main.ts', 'src-main/start.ts'];
/** Who may name a package that ties its user to one side. */
const TIED_PACKAGES: Readonly<Record<string, readonly string[]>> = {
  electron: ['src-main/desktop/', 'src-main/main.ts'],
  express: ['src-main/http/'],
  ws: ['src-main/http/'],
  libsql: ['src-main/store/'],
};

const isIn = (folder: string) => (file: string) => file.startsWith(`${folder}/`);
const isInRooms = (rooms: readonly string[]) => (file: string) =>
  rooms.some((room) => isIn(`src-main/${room}`)(file));
const isFileWhere = (test: (file: string) => boolean) => (target: Target) =>
  target.kind === 'file' && test(target.path);

const RULES: readonly Rule[] = [
  {
    says: 'src-shared imports nothing but itself and zod',
    applies: isIn('src-shared'),
    forbids: (target) =>
      target.kind === 'node' ||
      (target.kind === 'package' && target.name !== 'zod') ||
      isFileWhere((file) => !isIn('src-shared')(file))(target),
  },
  {
    says: 'src-renderer imports nothing but itself, src-shared and packages for browsers',
    applies: isIn('src-renderer'),
    forbids: (target) =>
      target.kind === 'node' ||
      (target.kind === 'package' && target.name in TIED_PACKAGES) ||
      isFileWhere((file) => !isIn('src-renderer')(file) && !isIn('src-shared')(file))(target),
  },
  {
    says: 'src-main imports nothing but itself, src-shared and packages',
    applies: isIn('src-main'),
    forbids: isFileWhere((file) => !isIn('src-main')(file) && !isIn('src-shared')(file)),
  },
  {
    says: `${CORE_ROOMS.join(', ')} import neither ${OUTER_ROOMS.join(', ')} nor their packages`,
    applies: isInRooms(CORE_ROOMS),
    forbids: (target) =>
      isFileWhere(isInRooms(OUTER_ROOMS))(target) ||
      (target.kind === 'package' && target.name in TIED_PACKAGES),
  },
  {
    says: 'files imports no other room',
    applies: isIn('src-main/files'),
    forbids: isFileWhere((file) => /^src-main\/[^/]+\//.test(file) && !isIn('src-main/files')(file)),
  },
  ...OUTER_ROOMS.map((room) => ({
    says: `${room} imports none of ${OUTER_ROOMS.filter((other) => other !== room).join(', ')}`,
    applies: isIn(`src-main/${room}`),
    forbids: isFileWhere(isInRooms(OUTER_ROOMS.filter((other) => other !== room))),
  })),
  ...Object.entries(TIED_PACKAGES).map(([name, users]) => ({
    says: `only ${users.join(' and ')} import ${name}`,
    applies: (file: string) => !users.some((user) => file.startsWith(user)),
    forbids: (target: Target) => target.kind === 'package' && target.name === name,
  })),
  {
    says: 'files beside the rooms, composition roots aside, import no room',
    applies: (file) => /^src-main\/[^/]+$/.test(file) && !COMPOSITION_ROOTS.includes(file),
    forbids: isFileWhere((file) => /^src-main\/[^/]+\//.test(file)),
  },
  {
    says: 'nothing imports a composition root but main.ts the agent, and start.ts main.ts',
    applies: (file) => file !== 'src-main/main.ts' && file !== 'src-main/start.ts',
    forbids: isFileWhere((file) => COMPOSITION_ROOTS.includes(file)),
  },
];

const KNOWN_ROOMS = new Set([...CORE_ROOMS, ...OUTER_ROOMS]);

/** Every breach of the directions of dependency, a sentence each that names file, import and rule. */
export function findBreaches(files: readonly SourceFile[]): string[] {
  return files.flatMap((file) => {
    const room = /^src-main\/([^/]+)\//.exec(file.path)?.[1];
    const breaches =
      room !== undefined && !KNOWN_ROOMS.has(room)
        ? [
            `${file.path} is in a room that no rule knows: say in ${path.basename(import.meta.url)} where it belongs`,
          ]
        : [];
    for (const { specifier, line } of listModuleUses(file)) {
      if (specifier === null) {
        breaches.push(`${file.path}:${line} imports a computed name, which no rule can be held against`);
        continue;
      }
      const target = resolveTarget(file.path, specifier);
      for (const rule of RULES) {
        if (rule.applies(file.path) && rule.forbids(target))
          breaches.push(`${file.path}:${line} imports "${specifier}", but ${rule.says}`);
      }
    }
    return breaches;
  });
}
