import type { McpServer, ToolCallback } from '@modelcontextprotocol/sdk/server/mcp.js';
import {
  type CallToolResult,
  ListToolsRequestSchema,
  type ToolAnnotations,
} from '@modelcontextprotocol/sdk/types.js';
import type { z } from 'zod';
import { PortholeError } from '#shared/errors';
import type { Extra } from './mcp-context.ts';
import { refusalResult } from './mcp-results.ts';
import { describeInput } from './mcp-schema.ts';

/** What a tool is called, says of itself and takes. */
export interface ToolOffer<S extends z.ZodRawShape> {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly input: S;
  readonly annotations?: ToolAnnotations;
}

/** The tools of an MCP server: how each is listed, and what calling it does. */
export class ToolShelf {
  readonly #server: McpServer;
  readonly #offers: ToolOffer<z.ZodRawShape>[] = [];

  constructor(server: McpServer) {
    this.#server = server;
  }

  /** Adds a tool. A refusal of the agent becomes its error; bugs go on to the SDK, which answers with their message. */
  add<S extends z.ZodRawShape>(
    offer: ToolOffer<S>,
    call: (input: z.output<z.ZodObject<S>>, extra: Extra) => CallToolResult | Promise<CallToolResult>,
  ): void {
    const { name, input: shape, ...about } = offer;
    this.#offers.push(offer);
    const guarded = async (input: z.output<z.ZodObject<S>>, extra: Extra): Promise<CallToolResult> => {
      try {
        return await call(input, extra);
      } catch (error) {
        if (error instanceof PortholeError) return refusalResult(error);
        throw error;
      }
    };
    const config = { ...about, inputSchema: shape as z.ZodRawShape };
    // The SDK cannot follow that a shape which it knows as any is the one that the call takes.
    this.#server.registerTool(name, config, guarded as ToolCallback<z.ZodRawShape>);
  }

  /** Lists the tools in our words, in the place of the SDK's; to be called when the last is there. */
  list(): void {
    this.#server.server.setRequestHandler(ListToolsRequestSchema, () => ({
      tools: this.#offers.map(({ input, ...about }) => ({ ...about, inputSchema: describeInput(input) })),
    }));
  }
}
