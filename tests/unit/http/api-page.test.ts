import { describe, expect, it } from 'vitest';
import { API } from '../../../src-shared/api.ts';
import { ERROR_KINDS } from '../../../src-shared/errors.ts';
import { renderApiPage } from './api-page.ts';

const PAGE = new URL('../../../docs/api.md', import.meta.url);

describe('docs/api.md', () => {
  it('says what the source says', async () => {
    await expect(renderApiPage()).toMatchFileSnapshot(PAGE.pathname);
  });

  it('has every endpoint and every error code with its status', () => {
    const page = renderApiPage();
    for (const { method, path } of Object.values(API)) {
      expect(page).toContain(`### \`${method.toUpperCase()} ${path}\``);
    }
    for (const [code, { status }] of Object.entries(ERROR_KINDS)) {
      expect(page).toContain(`| \`${code}\` | ${status} |`);
    }
  });
});
