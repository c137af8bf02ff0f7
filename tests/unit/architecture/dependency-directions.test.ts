import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { findBreaches, listModuleUses, type SourceFile } from './dependency-rules.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

function readSources(...folders: string[]): SourceFile[] {
  return folders.flatMap((folder) =>
    readdirSync(path.join(ROOT, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && /\.(ts|tsx|mts|cts|js|jsx|mjs|cjs)$/.test(entry.name))
      .map((entry) => path.join(entry.parentPath, entry.name))
      .map((file) => ({
        path: path.relative(ROOT, file).split(path.sep).join('/'),
        code: readFileSync(file, 'utf8'),
      })),
  );
}

describe('directions of dependency', () => {
  const sources = readSources('src-shared', 'src-main', 'src-renderer');

  it('sees the sources and what they import', () => {
    expect(sources.length).toBeGreaterThan(50);
    expect(sources.flatMap(listModuleUses).length).toBeGreaterThan(200);
  });

  it('hold in every file', () => {
    expect(findBreaches(sources)).toEqual([]);
  });

  it('keep the DOM and node out of the shared code by its own configuration', () => {
    const { compilerOptions } = JSON.parse(readFileSync(path.join(ROOT, 'tsconfig.json'), 'utf8'));
    const shared = JSON.parse(readFileSync(path.join(ROOT, 'src-shared/tsconfig.json'), 'utf8'));
    const { lib, types } = { ...compilerOptions, ...shared.compilerOptions };
    expect(types).toEqual([]);
    expect(lib.join()).not.toMatch(/dom/i);
  });

  it.each([
    ['src-shared/a.ts', "import { readFileSync } from 'node:fs';", 'src-shared imports nothing but'],
    ['src-shared/a.ts', "import fs from 'fs';", 'src-shared imports nothing but'],
    ['src-shared/a.ts', "import type { App } from 'electron';", 'only src-main/desktop/'],
    ['src-shared/a.ts', "export * from '../src-main/clock.ts';", 'src-shared imports nothing but'],
    ['src-main/sessions/a.ts', "import type { A } from '../http/guard.ts';", 'sessions, approvals'],
    ['src-main/sessions/a.ts', "import { B } from '../store/database.ts';", 'sessions, approvals'],
    ['src-main/approvals/a.ts', "const x = await import('electron');", 'only src-main/desktop/'],
    ['src-main/commands/a.ts', "import express from 'express';", 'only src-main/http/'],
    [
      'src-main/stream/a.ts',
      "type X = import('../desktop/panel-window.ts').PanelWindow;",
      'sessions, approvals',
    ],
    ['src-main/events/a.ts', "export { WebSocket } from 'ws';", 'only src-main/http/'],
    ['src-main/settings/a.ts', "const Database = require('libsql');", 'only src-main/store/'],
    [
      'src-main/http/a.ts',
      "import { PanelWindow } from '../desktop/panel-window.ts';",
      'http imports none of',
    ],
    ['src-main/http/a.ts', "import { openDatabase } from '../store/database.ts';", 'http imports none of'],
    [
      'src-main/desktop/a.ts',
      "import { isLoopback } from '../http/api-router.ts';",
      'desktop imports none of',
    ],
    ['src-main/desktop/b/c.ts', "import '../../store/database.ts';", 'desktop imports none of'],
    ['src-main/store/a.ts', "import '../desktop/panel-window.ts';", 'store imports none of'],
    ['src-main/agent.ts', "import { app } from 'electron/main';", 'only src-main/desktop/'],
    ['src-main/clock.ts', "import './sessions/liveness.ts';", 'files beside the rooms'],
    [
      'src-main/desktop/a.ts',
      "import { startAgent } from '../agent.ts';",
      'nothing imports a composition root',
    ],
    ['src-main/http/a.ts', "import '../../tests/fakes/manual-clock.ts';", 'src-main imports nothing but'],
    ['src-main/newroom/a.ts', '', 'a room that no rule knows'],
    ['src-main/http/a.ts', 'await import(name);', 'a computed name'],
    [
      'src-renderer/a.tsx',
      "import { systemClock } from '../src-main/clock.ts';",
      'src-renderer imports nothing but',
    ],
    ['src-renderer/a.tsx', "import path from 'node:path';", 'src-renderer imports nothing but'],
    ['src-renderer/b/c.ts', "import { ipcRenderer } from 'electron';", 'src-renderer imports nothing but'],
  ])('are broken by %s with %s', (file, code, rule) => {
    const breaches = findBreaches([{ path: file, code: `\n${code}` }]);
    expect(breaches.join('\n')).toContain(rule);
    if (code !== '') expect(breaches[0]).toContain(`${file}:2`);
  });

  it.each([
    ['src-main/main.ts', "import { app } from 'electron'; import { startAgent } from './agent.ts';"],
    [
      'src-main/agent.ts',
      "import './http/web-app.ts'; import './store/database.ts'; import './sessions/liveness.ts';",
    ],
    ['src-main/desktop/a.ts', "import { app } from 'electron'; import type { Clock } from '../clock.ts';"],
    [
      'src-main/store/a.ts',
      "import Database from 'libsql'; import type { A } from '../sessions/session-journal.ts';",
    ],
    [
      'src-main/sessions/a.ts',
      "import { z } from 'zod'; import '../stream/stream-service.ts'; import '#shared/events';",
    ],
    [
      'src-renderer/a.tsx',
      "import { useState } from 'react'; import '#shared/events'; import './styles/a.css';",
    ],
    ['src-shared/a.ts', "import { z } from 'zod'; import './text.ts'; // import 'electron'"],
  ])('are kept by %s with %s', (file, code) => {
    expect(findBreaches([{ path: file, code }])).toEqual([]);
  });
});
