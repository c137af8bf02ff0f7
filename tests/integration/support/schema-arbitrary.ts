import fc from 'fast-check';
import { DOCUMENT } from './contract.ts';

/** The parts of JSON Schema that the document uses. */
interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly minItems?: number;
  readonly format?: string;
  readonly pattern?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
}

/** Values that `schema` allows, with what it cannot say: texts hold something to read, free objects stay small. */
export function arbitraryOf(schema: Schema): fc.Arbitrary<unknown> {
  if (schema.$ref !== undefined) return arbitraryOf(resolveReference(schema.$ref));
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.enum) return fc.constantFrom(...schema.enum);
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices) return fc.oneof(...choices.map(arbitraryOf));
  if (Array.isArray(schema.type))
    return fc.oneof(...schema.type.map((type) => arbitraryOf({ ...schema, type })));
  switch (schema.type) {
    case 'object':
      return schema.properties ? objectOf(schema, schema.properties) : smallObject();
    case 'array':
      return fc.array(arbitraryOf(schema.items ?? {}), {
        minLength: schema.minItems ?? 0,
        maxLength: 3,
      });
    case 'string':
      return textOf(schema);
    case 'integer':
      return fc.integer({ min: schema.minimum ?? 0, max: Math.min(schema.maximum ?? 1000, 2 ** 31 - 1) });
    case 'number': {
      const least = schema.minimum ?? 0;
      const most = Math.min(schema.maximum ?? 1000, least + 1000);
      return fc
        .integer({ min: 1, max: 1000 })
        .map((thousandths) => least + (thousandths / 1000) * (most - least));
    }
    case 'boolean':
      return fc.boolean();
    case 'null':
      return fc.constant(null);
    default:
      return fc.jsonValue({ maxDepth: 2 });
  }
}

function objectOf(schema: Schema, properties: Readonly<Record<string, Schema>>): fc.Arbitrary<unknown> {
  const model = Object.fromEntries(
    Object.entries(properties).map(([name, part]) => [name, arbitraryOf(part)]),
  );
  return fc.record(model, { requiredKeys: [...(schema.required ?? [])] });
}

function smallObject(): fc.Arbitrary<unknown> {
  return fc.dictionary(fc.string({ maxLength: 20 }), fc.jsonValue({ maxDepth: 2 }), {
    maxKeys: 4,
    noNullPrototype: true,
  });
}

function textOf({ format, pattern, minLength = 0, maxLength = 200 }: Schema): fc.Arbitrary<string> {
  if (format === 'date-time') {
    return fc
      .date({ min: new Date(0), max: new Date('2100-01-01T00:00:00Z'), noInvalidDate: true })
      .map((date) => date.toISOString());
  }
  if (format === 'uri') return fc.webUrl();
  if (pattern !== undefined) {
    return fc.stringMatching(new RegExp(pattern)).filter((text) => text.length <= maxLength);
  }
  const text = fc.string({ unit: 'binary', maxLength: Math.min(maxLength, 60) - 1 });
  return text.map((rest) => (minLength > 0 ? `x${rest}` : rest));
}

function resolveReference(reference: string): Schema {
  let found: unknown = DOCUMENT;
  for (const key of reference.replace(/^#\//, '').split('/')) found = (found as Record<string, unknown>)[key];
  return found as Schema;
}
