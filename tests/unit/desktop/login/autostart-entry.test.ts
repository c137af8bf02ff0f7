import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  findAutostartFile,
  isOwnEntry,
  isSwitchedOff,
  writeAutostartEntry,
} from '../../../../src-main/desktop/login/autostart-entry.ts';

/** Reads `Exec` back as the specification says: escapes of a value, then quotes, then field codes. */
function readExec(text: string): string[] {
  const line = text.split('\n').find((each) => each.startsWith('Exec=')) ?? '';
  const escapes: Record<string, string> = { n: '\n', t: '\t', r: '\r', s: ' ', '\\': '\\' };
  const value = line
    .slice('Exec='.length)
    .replaceAll(/\\(.)/g, (_, character: string) => escapes[character] ?? '');
  const words = value.match(/"(?:\\.|[^"\\])*"|[^ "]+/gs) ?? [];
  return words.map((word) => {
    const bare = word.startsWith('"') ? word.slice(1, -1).replaceAll(/\\(.)/gs, '$1') : word;
    return bare.replaceAll('%%', '%');
  });
}

describe('writeAutostartEntry', () => {
  it('is an entry as the specification has it', () => {
    const text = writeAutostartEntry(['/opt/Porthole/porthole', '--data-dir', '/home/ann/my data']);
    expect(text.split('\n')[0]).toBe('[Desktop Entry]');
    expect(text).toContain('\nExec=/opt/Porthole/porthole --data-dir "/home/ann/my data"\n');
    expect(text).toContain('\nTryExec=/opt/Porthole/porthole\n');
    expect(isOwnEntry(text)).toBe(true);
    expect(isSwitchedOff(text)).toBe(false);
  });

  it('starts exactly what it was given, whatever that is called', () => {
    const argument = fc.string({ unit: 'binary', minLength: 1 }).filter((text) => !text.includes('\0'));
    fc.assert(
      fc.property(fc.array(argument, { minLength: 1, maxLength: 4 }), (command) => {
        expect(readExec(writeAutostartEntry(command))).toEqual(command);
      }),
    );
    const hard = ['/a b/%f/"$HOME"/`id`/\\x', '--data-dir', "/it's/ä/\n[Desktop Entry]"];
    expect(readExec(writeAutostartEntry(hard))).toEqual(hard);
    expect(
      writeAutostartEntry(hard)
        .split('\n')
        .filter((line) => line === '[Desktop Entry]'),
    ).toHaveLength(1);
  });

  it('is known as ours, and as switched off, after others have edited it', () => {
    const text = writeAutostartEntry(['/opt/porthole']);
    expect(isSwitchedOff(text.replace('enabled=true', 'enabled=false'))).toBe(true);
    expect(isSwitchedOff(`${text}Hidden=true\n`)).toBe(true);
    expect(isOwnEntry('[Desktop Entry]\nName=Porthole\n')).toBe(false);
  });
});

describe('findAutostartFile', () => {
  it('is in the folder that the environment names, else in the usual one', () => {
    expect(findAutostartFile({}, '/home/ann', '/x', true)).toBe(
      '/home/ann/.config/autostart/porthole.desktop',
    );
    expect(findAutostartFile({ XDG_CONFIG_HOME: '/cfg' }, '/home/ann', '/x', true)).toBe(
      '/cfg/autostart/porthole.desktop',
    );
    // The specification: a path that is not absolute is to be passed over.
    expect(findAutostartFile({ XDG_CONFIG_HOME: 'cfg' }, '/home/ann', '/x', true)).toContain(
      '/home/ann/.config/',
    );
  });

  it('differs for agents with other data folders', () => {
    const other = findAutostartFile({}, '/home/ann', '/srv/porthole two', false);
    expect(other).toBe('/home/ann/.config/autostart/porthole-srv-porthole-two.desktop');
  });
});
