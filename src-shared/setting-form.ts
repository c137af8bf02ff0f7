import { z } from 'zod';
import { type SettingMeta, settingMeta } from './setting-meta.ts';
import { type SettingKey, type Settings, settingsSchema } from './settings.ts';

/** What a setting can be, with its bounds. */
export type SettingKind =
  | {
      readonly kind: 'number';
      readonly isWhole: boolean;
      /** The smallest value, or what every value is above. */
      readonly min: number;
      readonly isMinExcluded: boolean;
      readonly max: number;
      readonly unit: string | null;
    }
  | { readonly kind: 'switch' }
  | {
      readonly kind: 'choice';
      readonly choices: readonly string[];
      readonly names: Readonly<Record<string, string>>;
    }
  | { readonly kind: 'text'; readonly maxLength: number; readonly isShortcut: boolean }
  | { readonly kind: 'list'; readonly maxEntries: number };

/** Everything that a page or a document says of a setting. */
export interface SettingForm extends Pick<SettingMeta, 'label' | 'group' | 'effect'> {
  readonly key: SettingKey;
  readonly description: string;
  readonly flag: string;
  readonly variable: string;
  readonly defaultValue: Settings[SettingKey];
  readonly value: SettingKind;
}

const jsonSchema = z.object({
  type: z.enum(['string', 'boolean', 'array', 'integer', 'number']),
  enum: z.array(z.string()).optional(),
  minimum: z.number().optional(),
  exclusiveMinimum: z.number().optional(),
  maximum: z.number().optional(),
  maxLength: z.number().optional(),
  maxItems: z.number().optional(),
});

/** What the schema says of a setting, in terms of a form. */
export function describeSetting(key: SettingKey): SettingForm {
  const schema: z.ZodDefault<z.ZodType> = settingsSchema.shape[key];
  const meta = settingMeta.get(schema);
  if (!meta) throw new Error(`The setting ${key} has no label`);
  const words = key.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  return {
    key,
    label: meta.label,
    group: meta.group,
    effect: meta.effect,
    description: schema.description ?? '',
    flag: `--${words}`,
    variable: `PORTHOLE_${words.replaceAll('-', '_').toUpperCase()}`,
    defaultValue: settingsSchema.shape[key].parse(undefined),
    value: describeKind(schema.unwrap(), meta),
  };
}

function describeKind(schema: z.ZodType, meta: SettingMeta): SettingKind {
  const json = jsonSchema.parse(z.toJSONSchema(schema, { io: 'input' }));
  switch (json.type) {
    case 'boolean':
      return { kind: 'switch' };
    case 'array':
      return { kind: 'list', maxEntries: json.maxItems ?? Number.POSITIVE_INFINITY };
    case 'string':
      return json.enum
        ? { kind: 'choice', choices: json.enum, names: meta.choices ?? {} }
        : {
            kind: 'text',
            maxLength: json.maxLength ?? Number.POSITIVE_INFINITY,
            isShortcut: meta.isShortcut ?? false,
          };
    default:
      return {
        kind: 'number',
        isWhole: json.type === 'integer',
        min: json.exclusiveMinimum ?? json.minimum ?? Number.NEGATIVE_INFINITY,
        isMinExcluded: json.exclusiveMinimum !== undefined,
        max: json.maximum ?? Number.POSITIVE_INFINITY,
        unit: meta.unit ?? null,
      };
  }
}
