import type { SyntaxNode } from './syntax-node.ts';

/** One command of those that are joined by `|`, `&&` and `||`. */
export interface Link {
  /** What joins it to the one before; empty for the first. */
  readonly operator: string;
  /** Null if it is nothing but redirections. */
  readonly node: SyntaxNode | null;
  readonly redirects: readonly SyntaxNode[];
  readonly isNegated: boolean;
}

/** Whether a node says where a command reads or writes. */
export function isRedirect({ type }: SyntaxNode): boolean {
  return type === 'file_redirect' || type === 'heredoc_redirect' || type === 'herestring_redirect';
}

/** Whether a part of a here-document's node is a command that follows in the line that begins the document. */
export function isChained({ field, type }: SyntaxNode): boolean {
  return field === 'right' || type === 'pipeline';
}

/**
 * The commands of a chain in the order in which they stand. The grammar groups them otherwise than shells do where
 * there are redirections (`a && b 2>&1 | c`), so no grouping is taken from it.
 */
export function flattenChain(node: SyntaxNode, textOf: (node: SyntaxNode) => string): Link[] {
  const links: Link[] = [];
  const add = (part: SyntaxNode, operator: string): void => {
    const first = links.length;
    if (part.type === 'list' || part.type === 'pipeline') {
      let next = operator;
      for (const child of part.children) {
        if (!child.isNamed) next = textOf(child);
        else if (child.type === 'comment') push(child, '', []);
        else {
          add(child, links.length === first ? operator : next);
        }
      }
    } else if (part.type === 'negated_command') {
      for (const child of part.children) if (child.isNamed) add(child, operator);
      const negated = links[first];
      if (negated) links[first] = { ...negated, isNegated: !negated.isNegated };
    } else if (part.type === 'redirected_statement') addRedirected(part, operator);
    else push(part, operator, []);
  };
  const push = (part: SyntaxNode | null, operator: string, redirects: readonly SyntaxNode[]): void => {
    links.push({ operator, node: part, redirects, isNegated: false });
  };
  const addRedirected = (part: SyntaxNode, operator: string): void => {
    const body = part.children.find(({ field }) => field === 'body');
    const redirects = part.children.filter((child) => child.isNamed && child !== body);
    if (body) add(body, operator);
    else push(null, operator, []);
    const last = links.at(-1);
    if (last) links[links.length - 1] = { ...last, redirects: [...last.redirects, ...redirects] };
    for (const { children } of redirects.filter(({ type }) => type === 'heredoc_redirect')) {
      const joint = children.find(({ field }) => field === 'operator');
      for (const child of children.filter(isChained)) {
        if (child.type === 'pipeline' && child.field !== 'right') {
          for (const piped of child.children) if (piped.isNamed) add(piped, '|');
        } else add(child, joint ? textOf(joint) : '&&');
      }
    }
  };
  add(node, '');
  return links;
}
