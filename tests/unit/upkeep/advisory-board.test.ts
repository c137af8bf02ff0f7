import { describe, expect, it } from 'vitest';
import { AdvisoryBoard } from '../../../src-main/upkeep/advisory-board.ts';
import { adviseOnSettings } from '../../../src-main/upkeep/settings-advisory.ts';

const info = { level: 'info', title: 'News.', message: 'All of it.', action: null } as const;
const problem = { level: 'problem', title: 'Trouble.', message: 'Some.', action: 'open_settings' } as const;

describe('AdvisoryBoard', () => {
  it('shows problems first, and the newest word on each thing', () => {
    const board = new AdvisoryBoard(() => undefined);
    board.put('update', info);
    board.put('settings', { ...problem, message: 'Old.' });
    board.put('settings', problem);
    expect(board.list()).toEqual([
      { advisory_id: 'settings', ...problem },
      { advisory_id: 'update', ...info },
    ]);
  });

  it('tells of changes, and of nothing else', () => {
    let changes = 0;
    const board = new AdvisoryBoard(() => {
      changes += 1;
    });
    board.put('settings', null);
    board.put('update', info);
    board.put('update', { ...info });
    expect(changes).toBe(1);
    board.put('update', null);
    expect(changes).toBe(2);
    expect(board.list()).toEqual([]);
  });
});

describe('adviseOnSettings', () => {
  it('names the first problem and counts the others', () => {
    expect(adviseOnSettings([])).toBeNull();
    expect(adviseOnSettings([{ key: 'port', message: 'A.' }])?.message).toBe('A.');
    const three = ['A.', 'B.', 'C.'].map((message) => ({ key: null, message }));
    expect(adviseOnSettings(three)?.message).toBe('A. And 2 more.');
  });
});
