import { describe, expect, it } from 'vitest';
import { settingsSchema } from '../../../src-shared/settings.ts';

const isTaken = (address: string): boolean => settingsSchema.shape.updateUrl.safeParse(address).success;

describe('the address of an update server', () => {
  it.each([
    '',
    'https://updates.example.org',
    'https://updates.example.org:8443/porthole/',
    'http://localhost:9000/porthole',
    'http://127.0.0.1',
    'http://[::1]:9000/',
  ])('may be %j', (address) => expect(isTaken(address)).toBe(true));

  it.each([
    'http://updates.example.org/',
    'http://localhost.evil.example/',
    'http://127.0.0.1.evil.example/',
    'http://localhost@evil.example/',
    'https://ann:secret@updates.example.org/',
    'https://updates.example.org/?token=1',
    'https://updates.example.org/#x',
    'https://',
    'ftp://updates.example.org/',
    'file:///etc/passwd',
    'updates.example.org',
  ])('is never %j', (address) => expect(isTaken(address)).toBe(false));
});
