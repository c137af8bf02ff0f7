import { app, screen } from 'electron';
import { isHeadless, isWaylandSession } from './display-server.ts';

/** Displays and graphics, as far as they explain what a capture does. Of the flags it was started with, the names. */
export async function describeDesktop(): Promise<object> {
  const displays = screen
    .getAllDisplays()
    .map(({ size, scaleFactor, rotation, displayFrequency, internal }) => ({
      size,
      scaleFactor,
      rotation,
      displayFrequency,
      internal,
    }));
  return {
    headless: isHeadless(),
    wayland: isWaylandSession(),
    packaged: app.isPackaged,
    appimage: process.env.APPIMAGE !== undefined,
    flags: process.argv.filter((argument) => argument.startsWith('--')).map((flag) => flag.split('=')[0]),
    displays,
    gpu_features: app.getGPUFeatureStatus(),
    gpu: await app.getGPUInfo('basic'),
  };
}
