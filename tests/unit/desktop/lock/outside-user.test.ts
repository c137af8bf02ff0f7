import { describe, expect, it } from 'vitest';
import { findOutsideUser } from '../../../../src-main/desktop/lock/outside-user.ts';

describe('findOutsideUser', () => {
  it.each([
    ['the machine itself', '         0          0 4294967295\n', 1000, 1000],
    ['a namespace of one user', '         0       1000          1\n', 0, 1000],
    ['one that calls its user as it likes', '      1000          0          1\n', 1000, 0],
    ['several ranges', '0 1000 1\n1 100000 65536\n', 34, 100033],
    ['a user that is not in it', '0 1000 1\n', 5, 5],
    ['no table', '', 7, 7],
  ])('knows %s', (_, map, userId, outside) => {
    expect(findOutsideUser(userId, map)).toBe(outside);
  });
});
