import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { ReadScope } from '../../../src-main/commands/read-scope.ts';

function makeHome(): string {
  const folder = realpathSync(mkdtempSync(path.join(tmpdir(), 'porthole-home-')));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const home = path.join(folder, 'grace');
  mkdirSync(home);
  return home;
}

describe('readScope', () => {
  it.each([
    ['.', 'readable'],
    ['notes.txt', 'readable'],
    ['.bashrc', 'readable'],
    ['work/.git/config', 'readable'],
    ['work/config/x', 'readable'],
    ['..', 'outside'],
    ['../graceful', 'outside'],
    ['.ssh', 'hidden'],
    ['.ssh/id_ed25519', 'hidden'],
    ['.SSH/id_ed25519', 'hidden'],
    ['backup/.ssh/id_rsa', 'hidden'],
    ['.gnupg/secring.gpg', 'hidden'],
    ['.aws/credentials', 'hidden'],
    ['.mozilla/firefox/x/logins.json', 'hidden'],
    ['.config/google-chrome/Default/Cookies', 'hidden'],
    ['.config', 'hidden'],
    ['.local/share/keyrings/login.keyring', 'hidden'],
    ['.cache/x', 'hidden'],
    ['snap/firefox/common/.mozilla', 'hidden'],
    ['Library/Keychains/login.keychain-db', 'hidden'],
    ['AppData/Local/x', 'hidden'],
    ['.netrc', 'hidden'],
    ['work/.env', 'hidden'],
    ['work/.env.local', 'hidden'],
    ['work/.env.production', 'hidden'],
    ['work/.envrc', 'hidden'],
    ['work/environment.ts', 'readable'],
    ['.claude/.credentials.json', 'hidden'],
    ['.codex/auth.json', 'hidden'],
    ['.s3cfg', 'hidden'],
    ['.boto', 'hidden'],
    ['.dockercfg', 'hidden'],
    ['work/id_ed25519', 'hidden'],
    ['work/id_ed25519.pub', 'readable'],
    ['work/server.KEY', 'hidden'],
    ['work/keyboard.ts', 'readable'],
    ['.mysql_history', 'hidden'],
    ['work/.mysql_history', 'readable'],
    ['.bash_history', 'hidden'],
    ['extra/secret', 'hidden'],
  ])('takes %s in the home folder for %s', (name, kind) => {
    const home = makeHome();
    const scope = new ReadScope({ roots: ['~'], hidden: ['~/extra'], home });
    expect(scope.classify(path.join(home, name))).toBe(kind);
  });

  it('follows links in its roots, once', () => {
    const home = makeHome();
    const link = path.join(path.dirname(home), 'link');
    symlinkSync(home, link);
    const scope = new ReadScope({ roots: [link], hidden: [path.join(link, 'not-yet-there')], home: link });
    expect(scope.classify(path.join(home, 'x'))).toBe('readable');
    expect(scope.classify(path.join(home, 'not-yet-there', 'y'))).toBe('hidden');
    expect(scope.classify(path.join(home, '.config'))).toBe('hidden');
  });

  it("keeps the kernel's views closed unless they are named", () => {
    const all = new ReadScope({ roots: ['/'], hidden: [], home: '/nobody' });
    expect(all.classify('/etc/hostname')).toBe('readable');
    expect(all.classify('/proc/self/environ')).toBe('hidden');
    expect(all.classify('/dev/sda')).toBe('hidden');
    expect(new ReadScope({ roots: ['/proc'], hidden: [], home: '/' }).classify('/proc/cpuinfo')).toBe(
      'readable',
    );
  });

  it('opens nothing where no root is named', () => {
    expect(new ReadScope({ roots: [], hidden: [] }).classify('/')).toBe('outside');
  });
});
