import x11 from 'x11';

/** A rectangle on the screen in the X server's own pixels, whatever the scale. */
export interface XRectangle {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** A window as it lies on the screen. */
export interface XWindow {
  readonly id: number;
  readonly area: XRectangle;
}

/** What a {@link XServer} is asked by those who want to know how windows lie. */
export interface WindowStack {
  /** The windows that lie on the screen itself and could be seen, the lowest first: frames where there are frames. */
  list(): Promise<XWindow[]>;
  /** The whole screen. */
  screen(): Promise<XRectangle>;
  /** The window on the screen itself that holds this one; the same if it lies there itself. Null if it is gone. */
  outermost(windowId: number): Promise<number | null>;
  /** Whether the window takes presses and paint in this area: some have holes, some let everything through. */
  covers(window: XWindow, area: XRectangle): Promise<boolean>;
  /** Whether a window manager put the window there; menus, notifications and lockers put themselves. */
  isManaged(windowId: number): Promise<boolean>;
  /** Puts the window above all others. */
  raise(windowId: number): void;
}

/** What a {@link XServer} is asked by those who want to know what programs say of themselves and their windows. */
export interface WindowFacts {
  /** Whether the window would be seen if nothing lay above it; rejects if it is gone. */
  isViewable(windowId: number): Promise<boolean>;
  /** The 32-bit numbers that a window, or null for the root, has as a property: none if it does not have it. */
  numbers(windowId: number | null, property: string): Promise<number[]>;
  /** The number that the server has for a name. */
  atom(name: string): Promise<number>;
  /** Whether one of the windows on the screen itself has a property. */
  hasChildWith(property: string): Promise<boolean>;
  /** Calls back now and whenever a property of the root is set, until the returned function is called. */
  onRootChange(property: string, listener: () => void): () => void;
}

const INPUT_ONLY = 2;
const VIEWABLE = 2;
const ANY_TYPE = 0;
const PROPERTY_CHANGE = 1 << 22;
const MAX_NUMBERS = 64;
/** How deep window managers hide a program's window in their frames, and one more. */
const FRAME_DEPTH = 3;
const REVERT_TO_PARENT = 2;
const CONNECT_MS = 3000;

/** A connection to the X server of this session, for what Electron does not tell. */
export class XServer implements WindowStack, WindowFacts {
  readonly #client: x11.XClient;
  readonly #root: number;
  readonly #shape: x11.ShapeExtension | null;
  readonly #managedMark: number;
  readonly #atoms = new Map<string, number>();
  readonly #rootListeners = new Set<{ readonly property: string; readonly listener: () => void }>();
  #hearsRoot = false;
  #isOpen = true;

  private constructor(
    client: x11.XClient,
    root: number,
    shape: x11.ShapeExtension | null,
    managedMark: number,
  ) {
    this.#client = client;
    this.#root = root;
    this.#shape = shape;
    this.#managedMark = managedMark;
    client.on('end', () => {
      this.#isOpen = false;
    });
  }

  /** Connects to a display such as `:0`; rejects if that does not succeed within seconds. */
  static async connect(display: string): Promise<XServer> {
    const { client, screen } = await open(display);
    const root = screen[0]?.root;
    if (root === undefined) throw new Error('The X server has no screen');
    const shape = await ask<x11.ShapeExtension>((reply) => client.require('shape', reply)).catch(() => null);
    const mark = await ask<number>((reply) => client.InternAtom(false, 'WM_STATE', reply));
    return new XServer(client, root, shape, mark);
  }

  /** Whether the server can still be asked. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  async list(): Promise<XWindow[]> {
    const { children } = await ask<{ children: number[] }>((reply) =>
      this.#client.QueryTree(this.#root, reply),
    );
    const found = await Promise.all(children.map((id) => this.#look(id)));
    return found.filter((window) => window !== null);
  }

  screen(): Promise<XRectangle> {
    return this.#areaOf(this.#root);
  }

  async outermost(windowId: number): Promise<number | null> {
    for (let id = windowId; ; ) {
      const tree = await ask<{ parent: number }>((reply) => this.#client.QueryTree(id, reply)).catch(
        () => null,
      );
      if (!tree) return null;
      if (tree.parent === this.#root) return id;
      if (tree.parent === 0) return null;
      id = tree.parent;
    }
  }

  async covers({ id, area }: XWindow, other: XRectangle): Promise<boolean> {
    if (!intersects(area, other)) return false;
    const shape = this.#shape;
    if (!shape) return true;
    const kinds = [shape.Kind.Bounding, shape.Kind.Input];
    const parts = await Promise.all(
      kinds.map((kind) =>
        ask<{ rectangles: [number, number, number, number][] }>((reply) =>
          shape.GetRectangles(id, kind, reply),
        ),
      ),
    ).catch(() => []);
    return parts.every(({ rectangles }) =>
      rectangles.some(([left, top, width, height]) =>
        intersects({ left: area.left + left, top: area.top + top, width, height }, other),
      ),
    );
  }

  async isManaged(windowId: number): Promise<boolean> {
    return this.#isManaged(windowId, FRAME_DEPTH);
  }

  raise(windowId: number): void {
    if (this.#isOpen) this.#client.RaiseWindow(windowId);
  }

  /** Gives the keyboard to a window, as its press by the person does where no window manager does it. */
  focus(windowId: number): void {
    if (this.#isOpen) this.#client.SetInputFocus(windowId, REVERT_TO_PARENT);
  }

  async isViewable(windowId: number): Promise<boolean> {
    const { mapState } = await ask<{ mapState: number }>((reply) =>
      this.#client.GetWindowAttributes(windowId, reply),
    );
    return mapState === VIEWABLE;
  }

  async numbers(windowId: number | null, property: string): Promise<number[]> {
    const atom = await this.atom(property);
    const { data } = await ask<{ data: Buffer }>((reply) =>
      this.#client.GetProperty(0, windowId ?? this.#root, atom, ANY_TYPE, 0, MAX_NUMBERS, reply),
    );
    return Array.from({ length: Math.floor(data.length / 4) }, (_, index) => data.readUInt32LE(4 * index));
  }

  async atom(name: string): Promise<number> {
    const known = this.#atoms.get(name);
    if (known !== undefined) return known;
    const atom = await ask<number>((reply) => this.#client.InternAtom(false, name, reply));
    this.#atoms.set(name, atom);
    return atom;
  }

  async hasChildWith(property: string): Promise<boolean> {
    const atom = await this.atom(property);
    const { children } = await ask<{ children: number[] }>((reply) =>
      this.#client.QueryTree(this.#root, reply),
    );
    const types = await Promise.all(
      children.map((id) =>
        ask<{ type: number }>((reply) => this.#client.GetProperty(0, id, atom, ANY_TYPE, 0, 0, reply)).catch(
          () => null,
        ),
      ),
    );
    return types.some((found) => found !== null && found.type !== 0);
  }

  onRootChange(property: string, listener: () => void): () => void {
    if (!this.#isOpen) return () => undefined;
    if (!this.#hearsRoot) {
      this.#hearsRoot = true;
      this.#client.ChangeWindowAttributes(this.#root, { eventMask: PROPERTY_CHANGE });
      this.#client.on('event', ({ name, atom }) => {
        if (name !== 'PropertyNotify') return;
        for (const heard of this.#rootListeners)
          if (this.#atoms.get(heard.property) === atom) heard.listener();
      });
    }
    const heard = { property, listener };
    this.#rootListeners.add(heard);
    // Changes come with the atom alone.
    void this.atom(property).then(listener, () => undefined);
    return () => this.#rootListeners.delete(heard);
  }

  /**
   * Whether a Wayland compositor has this server for programs that know X alone. Its screen shows nothing then, whatever
   * the compositor shows. https://gitlab.freedesktop.org/xorg/xserver/-/merge_requests/1042
   */
  async isXwayland(): Promise<boolean> {
    const client = this.#client;
    const extension = await ask<{ present: number }>((reply) => client.QueryExtension('XWAYLAND', reply));
    if (extension.present) return true;
    // Before release 23.1 the names of its outputs alone say so.
    const randr = await ask<x11.OutputExtension>((reply) => client.require('randr', reply)).catch(() => null);
    if (!randr) return false;
    const { outputs } = await ask<{ outputs: number[] }>((reply) =>
      randr.GetScreenResources(this.#root, reply),
    );
    const names = await Promise.all(
      outputs.map((output) => ask<{ name: string }>((reply) => randr.GetOutputInfo(output, 0, reply))),
    );
    return names.some(({ name }) => name.startsWith('XWAYLAND'));
  }

  /** Ends the connection. */
  close(): void {
    if (this.#isOpen) this.#client.terminate();
    this.#isOpen = false;
  }

  /** Null for what cannot be seen, or is gone by now. */
  async #look(id: number): Promise<XWindow | null> {
    try {
      const [attributes, area] = await Promise.all([
        ask<{ klass: number; mapState: number }>((reply) => this.#client.GetWindowAttributes(id, reply)),
        this.#areaOf(id),
      ]);
      return attributes.mapState === VIEWABLE && attributes.klass !== INPUT_ONLY ? { id, area } : null;
    } catch {
      return null;
    }
  }

  /** With its border. */
  async #areaOf(id: number): Promise<XRectangle> {
    const { xPos, yPos, width, height, borderWidth } = await ask<{
      xPos: number;
      yPos: number;
      width: number;
      height: number;
      borderWidth: number;
    }>((reply) => this.#client.GetGeometry(id, reply));
    return { left: xPos, top: yPos, width: width + 2 * borderWidth, height: height + 2 * borderWidth };
  }

  async #isManaged(id: number, depth: number): Promise<boolean> {
    try {
      const { type } = await ask<{ type: number }>((reply) =>
        this.#client.GetProperty(0, id, this.#managedMark, ANY_TYPE, 0, 0, reply),
      );
      if (type !== 0) return true;
      if (depth === 0) return false;
      const { children } = await ask<{ children: number[] }>((reply) => this.#client.QueryTree(id, reply));
      const found = await Promise.all(children.map((child) => this.#isManaged(child, depth - 1)));
      return found.includes(true);
    } catch {
      return false;
    }
  }
}

function open(display: string): Promise<x11.XDisplay> {
  return new Promise((resolve, reject) => {
    const patience = setTimeout(() => reject(new Error('The X server does not answer')), CONNECT_MS);
    const client = x11.createClient({ display }, (error, opened) => {
      clearTimeout(patience);
      if (error) reject(error);
      else resolve(opened);
    });
    // Also for what comes later: an answer of an error without anybody who waits for it must end nothing.
    client.on('error', (error) => {
      clearTimeout(patience);
      reject(error);
    });
  });
}

function ask<T>(send: (reply: (error: Error | null, value: T) => void) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    send((error, value) => (error ? reject(error) : resolve(value)));
  });
}

function intersects(a: XRectangle, b: XRectangle): boolean {
  return (
    a.left < b.left + b.width &&
    b.left < a.left + a.width &&
    a.top < b.top + b.height &&
    b.top < a.top + a.height
  );
}
