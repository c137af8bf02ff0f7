import { execFileSync, spawn } from 'node:child_process';
import { onTestFinished } from 'vitest';

/** Another account on this machine. */
export interface OtherUser {
  readonly uid: number;
  /** Runs a program as this user, and answers what it wrote to stdout. */
  run(file: string, ...args: string[]): Promise<string>;
}

let created = 0;

/** Creates a user, who is gone when the test is. Needs root. */
export function createOtherUser(): OtherUser {
  created += 1;
  const name = `ph-test-${process.pid}-${created}`;
  execFileSync('useradd', ['--no-create-home', '--no-user-group', '--shell', '/usr/sbin/nologin', name]);
  onTestFinished(() => {
    execFileSync('userdel', [name]);
  });
  const uid = Number(execFileSync('id', ['-u', name], { encoding: 'utf8' }));
  const gid = Number(execFileSync('id', ['-g', name], { encoding: 'utf8' }));
  return {
    uid,
    run: (file, ...args) =>
      new Promise((resolve, reject) => {
        const child = spawn(file, args, {
          uid,
          gid,
          cwd: '/',
          env: { PATH: process.env.PATH },
          stdio: 'pipe',
        });
        let output = '';
        child.stdout.on('data', (chunk: Buffer) => {
          output += chunk.toString();
        });
        child.once('error', reject);
        child.once('close', () => resolve(output));
      }),
  };
}
