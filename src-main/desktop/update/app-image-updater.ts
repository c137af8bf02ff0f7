import { chmodSync, closeSync, copyFileSync, fsyncSync, openSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { AppImageUpdater } from 'electron-updater';

/**
 * electron-updater for AppImages, with an installation of our own: its own takes the old file away before the new one is
 * there, and then starts the new one and waits for it to end, as AppImages once did by themselves after a variable was
 * set; those that are made today go on running. Here the new file takes the old one's place in one step, under the old
 * name, which menus and login items know.
 */
export class OwnAppImageUpdater extends AppImageUpdater {
  protected override doInstall(): boolean {
    const appImage = process.env.APPIMAGE;
    const download = this.installerPath;
    if (appImage === undefined || !path.isAbsolute(appImage) || download === null)
      throw new Error('There is nothing to install, or no place for it');
    const draft = `${appImage}.new`;
    try {
      copyFileSync(download, draft);
      chmodSync(draft, 0o755);
      sync(draft);
      renameSync(draft, appImage);
      rmSync(download, { force: true });
    } catch (error) {
      rmSync(draft, { force: true });
      throw error;
    }
    return true;
  }
}

/** Sees a file onto the disk: after a power cut its name must not lead to half of it. */
function sync(file: string): void {
  const descriptor = openSync(file, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
