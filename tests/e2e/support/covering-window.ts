import x11 from 'x11';

/** A window that puts itself above all others without asking a window manager, as screen lockers do. */
export class CoveringWindow {
  readonly #close: () => void;

  private constructor(close: () => void) {
    this.#close = close;
  }

  /** Opens it on a display such as `:1`. */
  static open(
    display: string,
    area: { readonly left: number; readonly top: number; readonly width: number; readonly height: number },
  ): Promise<CoveringWindow> {
    return new Promise((resolve, reject) => {
      x11.createClient({ display }, (error, opened) => {
        const root = opened?.screen[0]?.root;
        if (error || root === undefined) return reject(error ?? new Error('no screen'));
        const { client } = opened;
        const id = client.AllocID();
        const { left, top, width, height } = area;
        client.CreateWindow(id, root, left, top, width, height, 0, 0, 0, 0, {
          overrideRedirect: true,
          backgroundPixel: 0x203040,
        });
        client.MapWindow(id);
        client.RaiseWindow(id);
        // What asks comes after all that was said.
        client.QueryTree(root, () => resolve(new CoveringWindow(() => client.terminate())));
      });
    });
  }

  /** Takes it away. */
  close(): void {
    this.#close();
  }
}
