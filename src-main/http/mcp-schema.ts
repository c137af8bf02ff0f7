import { z } from 'zod';

/** A tool's input in the words of JSON Schema that every model vendor's API takes. */
export interface PlainSchema {
  readonly type: 'object' | 'array' | 'string' | 'number' | 'integer' | 'boolean';
  readonly description?: string;
  readonly enum?: readonly string[];
  readonly items?: PlainSchema;
  readonly properties?: Readonly<Record<string, PlainSchema>>;
  readonly required?: readonly string[];
}

/** The schema of an object, which is what a tool takes. */
export type PlainObjectSchema = PlainSchema & { readonly type: 'object' };

const TYPES: ReadonlySet<unknown> = new Set(['object', 'array', 'string', 'number', 'integer', 'boolean']);

/**
 * How a tool's input is listed. The APIs behind MCP clients each take another part of JSON Schema, and several refuse a
 * whole request for one keyword that they do not know (`propertyNames`, `additionalProperties`, `exclusiveMinimum`,
 * `const`, `default`, even `minimum`). So the schema says no more than types, names and choices; limits and defaults
 * are told in the description, and held when a tool is called. Throws for a shape that cannot be said in these words.
 */
export function describeInput(shape: z.ZodRawShape): PlainObjectSchema {
  const schema = simplify(z.toJSONSchema(z.object(shape), { io: 'input' }), 'input');
  return { ...schema, type: 'object' };
}

type JsonSchema = z.core.JSONSchema.BaseSchema;

function simplify(schema: JsonSchema, name: string): PlainSchema {
  const { type, properties, required, items } = schema;
  if (!TYPES.has(type)) throw new Error(`The tool input "${name}" has no single type`);
  if (type === 'object' && !properties) throw new Error(`The tool input "${name}" is a map`);
  if (type === 'array' && !isSchema(items))
    throw new Error(`The tool input "${name}" says nothing of its items`);
  const description = describe(schema);
  return {
    type: type as PlainSchema['type'],
    ...(description === '' ? {} : { description }),
    ...(schema.enum ? { enum: schema.enum.map(String) } : {}),
    ...(isSchema(items) ? { items: simplify(items, name) } : {}),
    ...(properties ? { properties: simplifyAll(properties) } : {}),
    ...(required ? { required } : {}),
  };
}

function simplifyAll(properties: Readonly<Record<string, unknown>>): Record<string, PlainSchema> {
  return Object.fromEntries(
    Object.entries(properties).map(([name, schema]) => [name, simplify(schema as JsonSchema, name)]),
  );
}

function describe({ description = '', minimum, maximum, default: usual }: JsonSchema): string {
  const limits = [
    rangeOf(minimum, maximum),
    ...(usual === undefined ? [] : [`${String(usual)} if left out`]),
  ].filter(Boolean);
  return limits.length === 0 ? description : `${description} (${limits.join('; ')})`.trimStart();
}

/** What every integer is within anyway is no limit worth telling. */
function rangeOf(minimum?: number, maximum?: number): string {
  const hasLeast = minimum !== undefined && minimum > Number.MIN_SAFE_INTEGER;
  const hasMost = maximum !== undefined && maximum < Number.MAX_SAFE_INTEGER;
  if (hasLeast && hasMost) return `${minimum} to ${maximum}`;
  if (hasLeast) return `at least ${minimum}`;
  return hasMost ? `at most ${maximum}` : '';
}

function isSchema(value: unknown): value is JsonSchema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
