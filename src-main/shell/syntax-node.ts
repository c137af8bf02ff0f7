import type { TreeCursor } from '@vscode/tree-sitter-wasm';

/** A node of a syntax tree, copied out of the parser's memory. Positions are UTF-16 units of the text. */
export interface SyntaxNode {
  readonly type: string;
  /** Whether the grammar has a name for it; keywords and punctuation have none. */
  readonly isNamed: boolean;
  /** What it is to its parent; null if the grammar does not say. */
  readonly field: string | null;
  readonly start: number;
  readonly end: number;
  readonly children: readonly SyntaxNode[];
}

/** Deeper trees are no lines that anybody writes, and shfmt's stack ends a little beyond. */
const MAX_DEPTH = 200;

/** Copies the tree below `cursor`, which must stand on its root; null if it has more than `maxNodes`, or is too deep. */
export function copyTree(cursor: TreeCursor, maxNodes: number): SyntaxNode | null {
  const open: { node: SyntaxNode & { children: SyntaxNode[] } }[] = [];
  let count = 0;
  for (;;) {
    count += 1;
    if (count > maxNodes || open.length > MAX_DEPTH) return null;
    const node = {
      type: cursor.nodeType,
      isNamed: cursor.nodeIsNamed,
      field: cursor.currentFieldName,
      start: cursor.startIndex,
      end: cursor.endIndex,
      children: [],
    };
    open.at(-1)?.node.children.push(node);
    open.push({ node });
    if (cursor.gotoFirstChild()) continue;
    while (!cursor.gotoNextSibling()) {
      const closed = open.pop();
      if (open.length === 0) return closed?.node ?? null;
      cursor.gotoParent();
    }
    open.pop();
  }
}
