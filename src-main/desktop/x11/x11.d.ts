/** What is used here of the package `x11`, which has no types of its own. */
declare module 'x11' {
  type Reply<T> = (error: Error | null, value: T) => void;

  interface XClient {
    QueryTree(window: number, reply: Reply<{ root: number; parent: number; children: number[] }>): void;
    GetWindowAttributes(
      window: number,
      reply: Reply<{ klass: number; mapState: number; overrideRedirect: number }>,
    ): void;
    GetGeometry(
      drawable: number,
      reply: Reply<{ xPos: number; yPos: number; width: number; height: number; borderWidth: number }>,
    ): void;
    InternAtom(onlyIfExists: boolean, name: string, reply: Reply<number>): void;
    GetProperty(
      remove: 0,
      window: number,
      property: number,
      type: number,
      offset: number,
      length: number,
      reply: Reply<{ type: number; data: Buffer }>,
    ): void;
    SetInputFocus(window: number, revertTo: number): void;
    RaiseWindow(window: number): void;
    AllocID(): number;
    CreateWindow(
      window: number,
      parent: number,
      left: number,
      top: number,
      width: number,
      height: number,
      borderWidth: 0,
      depth: 0,
      klass: 0,
      visual: 0,
      values: { readonly overrideRedirect: boolean; readonly backgroundPixel: number },
    ): void;
    MapWindow(window: number): void;
    QueryExtension(name: string, reply: Reply<{ present: number }>): void;
    require(extension: 'shape', reply: Reply<ShapeExtension>): void;
    require(extension: 'randr', reply: Reply<OutputExtension>): void;
    terminate(): void;
    ChangeWindowAttributes(window: number, values: { readonly eventMask: number }): void;
    on(event: 'event', listener: (event: { readonly name: string; readonly atom?: number }) => void): this;
    on(event: 'error', listener: (error: Error) => void): this;
    on(event: 'end', listener: () => void): this;
  }

  interface ShapeExtension {
    readonly Kind: { readonly Bounding: number; readonly Input: number };
    GetRectangles(
      window: number,
      kind: number,
      reply: Reply<{ rectangles: [x: number, y: number, width: number, height: number][] }>,
    ): void;
  }

  interface OutputExtension {
    GetScreenResources(window: number, reply: Reply<{ outputs: number[] }>): void;
    GetOutputInfo(output: number, configuredAt: 0, reply: Reply<{ name: string }>): void;
  }

  interface XDisplay {
    readonly client: XClient;
    readonly screen: readonly { readonly root: number }[];
  }

  export function createClient(options: { display: string }, ready: Reply<XDisplay>): XClient;
}
