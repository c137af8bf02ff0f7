// @ts-check
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import sharp from 'sharp';
import { repositoryRoot } from './build.mjs';

// Run by hand when the drawing or a colour is to change; what it makes is kept beside the drawing.

/**
 * The colours of one icon.
 * @typedef {object} Palette
 * @property {string} rim
 * @property {string} glass
 * @property {string} mark
 */

/** For bars that are light or dark themselves: what is drawn must stand out from them. @type {Record<string, Record<string, Palette>>} */
const TRAY_PALETTES = {
  light: {
    none: { rim: '#4a5561', glass: '#c3cad1', mark: '#77828d' },
    pending: { rim: '#4a5561', glass: '#f5a02c', mark: '#241400' },
    active: { rim: '#4a5561', glass: '#1a8a42', mark: '#ffffff' },
    recording: { rim: '#4a5561', glass: '#ffffff', mark: '#c22f2a' },
    failed: { rim: '#4a5561', glass: '#c22f2a', mark: '#ffffff' },
  },
  dark: {
    none: { rim: '#e9edf1', glass: '#5d6975', mark: '#a3afbb' },
    pending: { rim: '#e9edf1', glass: '#f5a02c', mark: '#241400' },
    active: { rim: '#e9edf1', glass: '#23964b', mark: '#ffffff' },
    recording: { rim: '#e9edf1', glass: '#2a1214', mark: '#ff5a50' },
    failed: { rim: '#e9edf1', glass: '#d8433c', mark: '#ffffff' },
  },
};

/** @type {Palette} */
const APP_PALETTE = { rim: '#33475b', glass: '#bfe3f5', mark: '#2b7fb8' };

const MENU_BAR_SIZE_PX = 16;
/** Of the bars of macOS and Windows, and of Linux trays. */
const TRAY_SIZES_PX = [MENU_BAR_SIZE_PX, 22];
const SCALES = [1, 2];
const APP_SIZES_PX = [256, 1024];
/** That Linux desktops look for; electron-builder knows an icon's size by its name. */
const LINUX_SIZES_PX = [16, 24, 32, 48, 64, 128, 256, 512];

const assets = path.join(repositoryRoot, 'assets');
const drawing = readFileSync(path.join(assets, 'porthole.svg'), 'utf8');

/** @type {[file: string, svg: string, sizePx: number][]} */
const icons = [];
for (const [scheme, palettes] of Object.entries(TRAY_PALETTES)) {
  for (const [state, palette] of Object.entries(palettes)) {
    for (const sizePx of TRAY_SIZES_PX)
      addTrayIcon(`${sizePx}-${state}-${scheme}`, draw(state, palette), sizePx);
  }
}
// macOS knows by the end of the name that this one is a mask.
addTrayIcon(`${MENU_BAR_SIZE_PX}-Template`, drawTemplate(), MENU_BAR_SIZE_PX);
for (const sizePx of APP_SIZES_PX) icons.push([`porthole-${sizePx}.png`, draw('none', APP_PALETTE), sizePx]);
for (const sizePx of LINUX_SIZES_PX) {
  icons.push([`linux/${sizePx}x${sizePx}.png`, draw('none', APP_PALETTE), sizePx]);
}

for (const folder of ['tray', 'linux']) mkdirSync(path.join(assets, folder), { recursive: true });
for (const [file, svg, sizePx] of icons) {
  const density = (72 * sizePx) / 24;
  const png = await sharp(Buffer.from(svg), { density })
    .resize(sizePx, sizePx)
    .png({ compressionLevel: 9, palette: false })
    .toBuffer();
  writeFileSync(path.join(assets, file), png);
  process.stdout.write(`${file} ${png.length} bytes\n`);
}

/**
 * @param {string} name
 * @param {string} svg
 * @param {number} sizePx
 */
function addTrayIcon(name, svg, sizePx) {
  for (const scale of SCALES) {
    icons.push([`tray/${name}${scale === 1 ? '' : `@${scale}x`}.png`, svg, sizePx * scale]);
  }
}

/**
 * @param {string} state Whose mark to keep.
 * @param {Palette} palette
 * @returns {string} The drawing as SVG.
 */
function draw(state, palette) {
  const marked = drawing.replaceAll(/<g id="mark-(\w+)">.*?<\/g>/gs, (group, name) =>
    name === state ? group : '',
  );
  return Object.entries(palette).reduce(
    (svg, [name, colour]) =>
      svg.replaceAll(new RegExp(`(class="${name}"[^>]*fill=)"[^"]*"`, 'g'), `$1"${colour}"`),
    marked,
  );
}

/**
 * The icon of an idle agent as a mask, which macOS paints in the colour of its menu bar: the glass is clear.
 * @returns {string}
 */
function drawTemplate() {
  const black = draw('none', { rim: '#000000', glass: 'none', mark: '#000000' });
  return black.replace(
    /<circle class="rim"[^>]*\/>/,
    '<circle cx="12" cy="12" r="9.75" fill="none" stroke="#000000" stroke-width="3.5" />',
  );
}
