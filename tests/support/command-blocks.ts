import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

const ROOT = path.resolve(import.meta.dirname, '../..');

/** A block of commands in a page for people. */
export interface CommandBlock {
  /** From the repository's root. */
  readonly file: string;
  readonly text: string;
  /** By which lists name it: the file and its first command. */
  readonly name: string;
}

/** Blocks that no test runs as they stand, and why; every other is run by `tests/e2e/docs-commands.test.ts`. */
export const BLOCKS_NOT_RUN: Readonly<Record<string, string>> = {
  'README.md: npm ci && npm start':
    '.ci/run types the second line in a clean clone; start.test.ts starts the first',
  'docs/bench.md: npm run bench': 'takes minutes and a quiet machine',
  'docs/bench.md: npm run soak -- --minutes 30 --json soak.json': 'takes half an hour',
  'docs/headless.md: npm start -- --hidden': 'goes on until it is ended; start.test.ts starts it in each way',
  'docs/headless.md: systemctl --user enable --now porthole':
    'needs a running systemd and the installed package; systemd-units.test.ts has systemd check the unit',
  'docs/headless.md: mkdir -p ~/.config/systemd/user/porthole.service.d':
    'changes the home folder and needs a running systemd; systemd-units.test.ts has systemd check the units',
  'docs/headless.md: ssh -L 8000:127.0.0.1:8000 you@server.example': 'needs another machine',
};

/** Every block of commands in the README, the documentation and the examples: those marked `sh` or with nothing. */
export function listCommandBlocks(): CommandBlock[] {
  return listPages().flatMap((file) => {
    const text = readFileSync(path.join(ROOT, file), 'utf8');
    const blocks = [...text.matchAll(/^```(\w*)\n(.*?)^```$/gms)];
    return blocks
      .filter(([, language]) => language === '' || language === 'sh')
      .map(([, , commands = '']) => ({
        file,
        text: commands,
        name: `${file}: ${(commands.split('\n')[0] ?? '').replace(/\s+#.*$/, '').trim()}`,
      }));
  });
}

function listPages(): string[] {
  const inFolder = (folder: string): string[] =>
    readdirSync(path.join(ROOT, folder))
      .filter((name) => name.endsWith('.md'))
      .map((name) => `${folder}/${name}`);
  return ['README.md', ...inFolder('docs'), ...inFolder('examples')];
}
