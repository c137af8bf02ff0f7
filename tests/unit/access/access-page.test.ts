import { describe, expect, it } from 'vitest';
import { ACCESS_TABLE, type Rule } from '../../../src-main/access/access-table.ts';
import { type RouteName, SERVICE_ROUTES } from '../../../src-main/access/routes.ts';
import { principalKindSchema } from '../../../src-shared/access.ts';
import { API, type Endpoint } from '../../../src-shared/api.ts';

const PAGE = new URL('../../../docs/access.md', import.meta.url);
const KINDS = principalKindSchema.options;

const INTRODUCTION = `# Who gets what

Every address of the agent against everybody who can ask, as the agent judges by it. [SECURITY.md](../SECURITY.md) says
who is who. A tick is all of it; *own* is what belongs to the caller's own sessions, all others being unknown to it; a word is
the code of the refusal.

This page is made from the source: \`npx vitest run tests/unit/access/access-page.test.ts -u\` writes it anew, and a test
fails where it is out of date.
`;

function addressOf(route: RouteName): string {
  if (route === 'elsewhere') return 'anything else';
  const endpoint: Pick<Endpoint, 'path'> & { method: string } =
    route in SERVICE_ROUTES
      ? SERVICE_ROUTES[route as keyof typeof SERVICE_ROUTES]
      : API[route as keyof typeof API];
  const method = endpoint.method === 'upgrade' ? 'WebSocket' : endpoint.method.toUpperCase();
  return `\`${method} ${endpoint.path}\``;
}

function wordOf(rule: Rule): string {
  if (rule === 'allow') return '✓';
  return rule === 'own' ? '*own*' : `\`${rule}\``;
}

function writePage(): string {
  const rows = (Object.keys(ACCESS_TABLE) as RouteName[]).map((route) =>
    [addressOf(route), ...KINDS.map((kind) => wordOf(ACCESS_TABLE[route][kind]))].join(' | '),
  );
  const head = ['address', ...KINDS].join(' | ');
  const rule = ['---', ...KINDS.map(() => '---')].join('|');
  return `${INTRODUCTION}\n| ${head} |\n|${rule}|\n${rows.map((row) => `| ${row} |`).join('\n')}\n`;
}

describe('docs/access.md', () => {
  it('is the access table', async () => {
    await expect(writePage()).toMatchFileSnapshot(PAGE.pathname);
  });
});
